// What scrolls sideways, a wide table or a long line of code, can be scrolled by the keyboard too.
(() => {
  const reach = () => {
    for (const region of document.querySelectorAll("pre > code, .md-typeset__scrollwrap, .md-typeset__table")) {
      if (region.scrollWidth > region.clientWidth) region.tabIndex = 0;
      else region.removeAttribute("tabindex");
    }
  };
  addEventListener("load", reach);
  addEventListener("resize", reach);
  new MutationObserver(reach).observe(document.body, { childList: true, subtree: true });
})();
