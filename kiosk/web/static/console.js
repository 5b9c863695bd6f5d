// What pages gain where scripts run; each of them works without.

// Times in the viewer's zone: the server writes them, once it knows the zone.
const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
if (zone && !document.cookie.split("; ").includes(`zone=${zone}`)) {
  document.cookie = `zone=${zone}; path=/; max-age=31536000; SameSite=Strict`;
}

// A picture is dropped or pasted anywhere on its page, and a form that was sent says so.
const picture = document.querySelector("#picture");
if (picture) {
  const take = (event, files) => {
    if (!files.length) return;
    event.preventDefault();
    picture.files = files;
  };
  addEventListener("dragover", (event) => event.preventDefault());
  addEventListener("drop", (event) => take(event, event.dataTransfer.files));
  addEventListener("paste", (event) => take(event, event.clipboardData.files));
}
addEventListener("submit", (event) => {
  if (event.target.method === "post") event.target.setAttribute("aria-busy", "true");
});
addEventListener("pageshow", () => document.querySelectorAll("form[aria-busy]").forEach((form) => form.removeAttribute("aria-busy")));
