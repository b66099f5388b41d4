// How search results are ordered: what a page is about, then what it says, and names of code after both.
var Scorer = {
  objNameMatch: 6,
  objPartialMatch: 2,
  objPrio: { 0: 2, 1: 0, 2: -2 },
  objPrioDefault: 0,
  title: 15,
  partialTitle: 9,
  term: 8,
  partialTerm: 3,
};
