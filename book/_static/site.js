// What the pages do beyond the theme: copy code, close menus, reach what scrolls or is folded. Pages read without it.
(() => {
  "use strict";
  const each = (selector, act) => document.querySelectorAll(selector).forEach(act);

  // ---- a button on every block of code that a reader could run ----
  each("div.highlight > pre", (pre) => {
    if (pre.closest(".cell_output, .cite") || !navigator.clipboard) return;
    const button = document.createElement("button");
    button.type = "button";
    button.className = "copy";
    button.textContent = "Copy";
    button.addEventListener("click", async () => {
      const code = pre.cloneNode(true);
      code.querySelectorAll(".linenos, .gp").forEach((part) => part.remove());
      await navigator.clipboard.writeText(code.textContent.replace(/\n$/, ""));
      button.textContent = "Copied";
      setTimeout(() => { button.textContent = "Copy"; }, 1600);
    });
    pre.after(button);
  });

  // ---- menus: one open at a time, closed by Escape, by a click elsewhere and by leaving ----
  const closeMenus = (except) => each("details.menu[open]", (menu) => { if (menu !== except) menu.open = false; });
  document.addEventListener("click", (event) => closeMenus(event.target.closest("details.menu")));
  document.addEventListener("focusin", (event) => closeMenus(event.target.closest("details.menu")));
  document.addEventListener("keydown", (event) => {
    const open = event.key === "Escape" && document.querySelector("details.menu[open]");
    if (open) { open.open = false; open.querySelector("summary").focus(); }
  });

  // ---- an equation that scrolls in itself can be reached from the keyboard ----
  const reach = new ResizeObserver((entries) => entries.forEach(({ target }) => {
    if (target.scrollWidth > target.clientWidth) {
      target.tabIndex = 0;
      target.setAttribute("role", "group");
      target.setAttribute("aria-label", "Equation, scrolls sideways");
    } else {
      ["tabindex", "role", "aria-label"].forEach((name) => target.removeAttribute(name));
    }
  }));
  each(".katex-display", (equation) => reach.observe(equation));

  // ---- an address may point into what is folded; paper folds nothing ----
  const unfold = () => {
    const target = location.hash && document.getElementById(decodeURIComponent(location.hash.slice(1)));
    for (let fold = target && target.closest("details"); fold; fold = fold.parentElement.closest("details")) {
      fold.open = true;
    }
    if (target) target.scrollIntoView();
  };
  addEventListener("hashchange", unfold);
  if (location.hash) unfold();
  addEventListener("beforeprint", () => each("article details:not([open])", (fold) => {
    fold.open = true;
    addEventListener("afterprint", () => { fold.open = false; }, { once: true });
  }));

  // ---- a search result's excerpt shows the text, not each formula three times ----
  addEventListener("DOMContentLoaded", () => {
    if (typeof Search === "undefined") return;
    const text = Search.htmlToText; // it leaves out what has the class of a heading's link
    Search.htmlToText = (page, anchor) =>
      text(page.replaceAll('class="katex-html"', 'class="headerlink"')
        .replace(/<annotation[\s\S]*?<\/annotation>/g, ""), anchor);
  });
})();
