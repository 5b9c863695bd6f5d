"""Which collection of faces is in use, while another is built beside it or kept for a way back. Pure."""

from dataclasses import dataclass, replace

from recognizeme.domain.errors import NotPossible


@dataclass(frozen=True, slots=True)
class Collections:
    """The collections of a stack by their ids.

    `built_to` is where building goes on; `is_built` when every photo has been looked at. `is_settled` is
    false from a switch until the photos' records name the faces of the collection in use. `leaving` ones are
    emptied. `number` counts the collections there have been, `version` the changes.
    """

    in_use: str
    building: str | None = None
    kept: str | None = None
    leaving: tuple[str, ...] = ()
    built_to: str | None = None
    is_built: bool = False
    is_settled: bool = True
    number: int = 1
    version: int = 0

    @property
    def others(self) -> tuple[str, ...]:
        """All that hold faces and are not in use."""
        return tuple(each for each in (self.building, self.kept, *self.leaving) if each)

    def begun(self, first: str) -> "Collections":
        """With one that is being built; `first` is what the others are named after."""
        if self.building:
            return self
        number = self.number + 1
        return replace(self, building=f"{first}-{number}", number=number, built_to=None, is_built=False)

    def switched(self) -> "Collections":
        """With the built one in use and the one before kept. Raises `NotPossible` when none is built."""
        if not self.building or not self.is_built:
            raise NotPossible("no new collection is complete; build one before you switch to it")
        leaving = (*self.leaving, self.kept) if self.kept else self.leaving
        return replace(
            self, in_use=self.building, kept=self.in_use, building=None, leaving=leaving, built_to=None,
            is_built=False, is_settled=False,
        )  # fmt: skip

    def back(self) -> "Collections":
        """With the kept one in use again. Raises `NotPossible` when none is kept."""
        if not self.kept:
            raise NotPossible("no collection was kept; a switch keeps the one before")
        return replace(self, in_use=self.kept, kept=self.in_use, is_settled=False)

    def settled(self) -> "Collections":
        """With every photo's record of the collection in use, and none left to empty."""
        return replace(self, is_settled=True, leaving=())
