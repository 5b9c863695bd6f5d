// Take a photo with the webcam: a button beside the field for a picture, where there is a camera to ask for.

const field = document.querySelector("#picture");
if (field && navigator.mediaDevices?.getUserMedia && matchMedia("(pointer: fine)").matches) {
  const make = (tag, text, properties = {}) => Object.assign(document.createElement(tag), { textContent: text, ...properties });
  const open = make("button", "Take a photo", { type: "button", className: "plain" });
  const dialog = make("dialog", "", { className: "dialog camera" });
  const video = make("video", "", { autoplay: true, muted: true, playsInline: true });
  const said = make("p", "", { className: "quiet" });
  const take = make("button", "Take it", { type: "button" });
  const close = make("button", "Close", { type: "button", className: "plain" });
  said.setAttribute("role", "status");
  dialog.setAttribute("aria-label", "Take a photo");
  const buttons = make("p", "", { className: "onward" });
  buttons.append(take, close);
  dialog.append(video, said, buttons);
  document.body.append(dialog);
  field.form.querySelector("button[type=submit]").after(open);

  open.addEventListener("click", async () => {
    said.textContent = "Look at the camera, with light on the face.";
    take.disabled = true;
    dialog.showModal();
    try {
      video.srcObject = await navigator.mediaDevices.getUserMedia({ video: { width: 1280, height: 720, facingMode: "user" } });
      if (!dialog.open) dialog.dispatchEvent(new Event("close"));
      await video.play();
      take.disabled = false;
      take.focus();
    } catch (error) {
      said.textContent = error.name === "NotAllowedError"
        ? "The browser does not let this page use the camera. Allow it beside the address, or choose a file."
        : "No camera answers. Connect one, or choose a file.";
    }
  });
  close.addEventListener("click", () => dialog.close());
  dialog.addEventListener("close", () => {
    video.srcObject?.getTracks().forEach((track) => track.stop());
    video.srcObject = null;
  });
  take.addEventListener("click", () => {
    const canvas = make("canvas", "", { width: video.videoWidth, height: video.videoHeight });
    canvas.getContext("2d").drawImage(video, 0, 0);
    canvas.toBlob((blob) => {
      const files = new DataTransfer();
      files.items.add(new File([blob], "webcam.jpg", { type: "image/jpeg" }));
      field.files = files.files;
      dialog.close();
      field.form.requestSubmit();
    }, "image/jpeg", 0.92);
  });
}
