// The buttons that show a password, and the way to the first field that needs another look.
"use strict";

for (const button of document.querySelectorAll(".reveal")) {
  const field = document.getElementById(button.getAttribute("aria-controls"));
  const reveal = (shown) => {
    field.type = shown ? "text" : "password";
    button.setAttribute("aria-label", shown ? button.dataset.hide : button.dataset.show);
    button.classList.toggle("shown", shown);
  };
  reveal(false);
  button.hidden = false;
  button.addEventListener("click", () => reveal(field.type === "password"));
  // Browsers remember what was sent in a text field; a password is sent as one.
  field.form.addEventListener("submit", () => reveal(false));
}

document.querySelector("[aria-invalid=true]")?.focus();
