import { render } from "preact";
import { LinkPage } from "./link-page.tsx";

const root = document.getElementById("page");
if (root !== null) {
  root.replaceChildren();
  render(<LinkPage base={window.location.pathname.replace(/\/+$/, "")} />, root);
}
