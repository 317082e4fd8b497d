// The sample browser. Whatever a model or a data file wrote becomes a node by textContent or createTextNode;
// nothing is ever parsed as HTML, and the page's policy would refuse it.
"use strict";
(() => {
  const PAGE = 25;
  const MATHML = "http://www.w3.org/1998/Math/MathML";
  const ELEMENTS = new Set(
    ("math mrow mi mn mo mtext mspace mfrac msqrt mroot msub msup msubsup munder mover munderover mtable mtr mtd " +
      "menclose mstyle mphantom mpadded mmultiscripts mprescripts none").split(" "));
  const ATTRIBUTES = new Set(
    ("display displaystyle scriptlevel stretchy fence separator largeop symmetric movablelimits accent accentunder " +
      "form mathvariant linethickness minsize maxsize columnalign rowlines columnlines columnspacing notation width lspace rspace"
    ).split(" "));
  const WORDS = { no_answer: "no answer", backend_error: "failed" };
  const data = JSON.parse(document.getElementById("data").textContent);
  const [ID, TASK, SUBJECT, LEVEL, QUESTION, GOLD, COMPLETIONS] = [0, 1, 2, 3, 4, 5, 6];
  const [RUN, K, OUTCOME, ANSWER, RULE, STAGE, REASON, TEXT, TOKENS, FINISH] = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9];
  const CORRECT = data.outcomes.indexOf("correct");
  const byId = (id) => document.getElementById(id);
  const word = (outcome) => WORDS[data.outcomes[outcome]] || data.outcomes[outcome];

  const element = (tag, name, ...children) => {
    const node = document.createElement(tag);
    if (name) node.className = name;
    node.append(...children.filter((child) => child !== null && child !== ""));
    return node;
  };

  // ---- texts and mathematics

  const mathNode = (tree, source) => {
    const node = document.createElementNS(MATHML, ELEMENTS.has(tree[0]) ? tree[0] : "mrow");
    let from = 1;
    if (tree.length > 1 && typeof tree[1] === "object" && !Array.isArray(tree[1])) {
      from = 2;
      for (const [name, value] of Object.entries(tree[1])) if (ATTRIBUTES.has(name)) node.setAttribute(name, value);
    }
    for (const child of tree.slice(from)) node.append(typeof child === "string" ? child : mathNode(child));
    if (source) { node.setAttribute("alttext", source); }
    return node;
  };
  const piece = (segment) => {
    if (typeof segment === "string") return document.createTextNode(segment);
    if (Array.isArray(segment)) return element("mark", "", piece(segment[0]));
    const [source, tree] = data.math[segment];
    return tree ? mathNode(tree, source) : element("code", "source", source);
  };
  const fill = (node, segments) => { node.append(...segments.map(piece)); node.dir = "auto"; return node; };
  const plain = (segments) => segments.map((segment) => {
    const inner = Array.isArray(segment) ? segment[0] : segment;
    return typeof inner === "string" ? inner : data.math[inner][0];
  }).join("");
  const excerpt = (segments, limit) => {
    const kept = [];
    for (const segment of segments) {
      if (limit <= 0) break;
      const short = typeof segment === "string" && segment.length > limit ? segment.slice(0, limit) + "…" : segment;
      kept.push(short);
      limit -= typeof segment === "string" ? segment.length : 12;
    }
    return kept;
  };

  // ---- filters

  const fields = ["task", "run", "outcome", "between", "subject", "level", "rule"];
  const options = (id, first, pairs, least) => {
    const select = byId(id);
    select.append(new Option(first, ""));
    for (const [value, text] of pairs) select.append(new Option(text, value));
    select.parentElement.hidden = pairs.length < least;
  };
  const numbered = (names) => names.map((name, i) => [i, name]).filter(([, name]) => name !== "");
  const sorted = (pairs) => pairs.sort((a, b) => a[1].localeCompare(b[1], "en", { numeric: true }));
  const between = [];
  for (let task = 0; task < data.tasks.length; task++) {
    const runs = data.runs.map(([label, group], i) => [i, label, group]).filter((run) => run[2] === task);
    for (const [other, label] of runs.slice(1)) {
      between.push([`${runs[0][0]}-${other}`, `only ${label} right`], [`${other}-${runs[0][0]}`, `${label} wrong, ${runs[0][1]} right`]);
    }
  }
  options("task", "all tasks", numbered(data.tasks), 2);
  options("run", "any run", data.runs.map(([label, group], i) =>
    [i, data.tasks.length > 1 ? `${label} · ${data.tasks[group]}` : label]), 2);
  options("outcome", "any outcome", data.outcomes.map((_, i) => [i, word(i)]), 1);
  options("between", "any", between.length ? [["differ", "runs disagree"], ...between] : [], 1);
  options("subject", "all subjects", sorted(numbered(data.subjects)), 2);
  options("level", "all levels", sorted(numbered(data.levels)), 2);
  options("rule", "any rule", sorted(numbered(data.rules)), 2);

  let haystack = null;
  const search = (index) => {
    if (!haystack) {
      haystack = data.samples.map((s) => [
        s[ID], plain(s[QUESTION]), plain(s[GOLD]),
        ...s[COMPLETIONS].flatMap((c) => [c[ANSWER] ? plain(c[ANSWER]) : "", data.reasons[c[REASON]], plain(c[TEXT])]),
      ].join("\n").toLowerCase());
    }
    return haystack[index];
  };
  const right = (sample, run) => sample[COMPLETIONS].some((c) => c[RUN] === run && c[OUTCOME] === CORRECT);
  const disagree = (sample) => {
    const runs = new Map();
    for (const c of sample[COMPLETIONS]) runs.set(c[RUN], (runs.get(c[RUN]) || false) || c[OUTCOME] === CORRECT);
    return new Set(runs.values()).size > 1;
  };
  const matching = () => {
    const chosen = Object.fromEntries(fields.map((id) => [id, byId(id).value]));
    const words = byId("text").value.toLowerCase().split(/\s+/).filter(Boolean);
    const number = (id) => (chosen[id] === "" ? null : Number(chosen[id]));
    const [task, run, outcome, subject, level, rule] = ["task", "run", "outcome", "subject", "level", "rule"].map(number);
    const [wrong, other] = chosen.between.includes("-") ? chosen.between.split("-").map(Number) : [null, null];
    const found = [];
    data.samples.forEach((s, index) => {
      if (task !== null && s[TASK] !== task) return;
      if (subject !== null && s[SUBJECT] !== subject) return;
      if (level !== null && s[LEVEL] !== level) return;
      if ((run !== null || outcome !== null || rule !== null) && !s[COMPLETIONS].some((c) =>
        (run === null || c[RUN] === run) && (outcome === null || c[OUTCOME] === outcome) && (rule === null || c[RULE] === rule))) return;
      if (chosen.between === "differ" && !disagree(s)) return;
      if (wrong !== null && !(right(s, other) && !right(s, wrong) && s[COMPLETIONS].some((c) => c[RUN] === wrong))) return;
      if (words.length && !words.every((w) => search(index).includes(w))) return;
      found.push(index);
    });
    return found;
  };

  // ---- the list

  const several = data.runs.length > 1;
  const chip = (completion) => {
    const outcome = data.outcomes[completion[OUTCOME]];
    const node = element("span", "chip", element("span", `key o-${outcome}`), word(completion[OUTCOME]));
    if (completion[ANSWER]) node.append(fill(element("b", ""), excerpt(completion[ANSWER], 24)));
    if (several) node.title = data.runs[completion[RUN]][0];
    return node;
  };
  // A completion goes on from its prompt, so it often begins with a space.
  const trimmed = ([first, ...rest]) =>
    first === undefined ? [] : [typeof first === "string" ? first.trimStart() : first, ...rest];
  const completionNode = (c) => {
    const outcome = data.outcomes[c[OUTCOME]];
    const name = data.runs[c[RUN]][0] + (c[K] > 0 ? ` · completion ${c[K] + 1}` : "");
    const node = element("article", `completion c-${outcome}`,
      element("div", "head", element("span", "", several || c[K] ? name : "Completion"), element("span", "", word(c[OUTCOME]))));
    const why = element("p", "why", `${data.reasons[c[REASON]]} (${data.stages[c[STAGE]]})`);
    if (c[ANSWER]) why.prepend("answer ", fill(element("b", ""), c[ANSWER]), ` found by ${data.rules[c[RULE]]}: `);
    node.append(why, element("p", "why", (c[TOKENS] === null ? "" : `${c[TOKENS].toLocaleString("en")} tokens, `) +
      ({ stop: "ended by itself", length: "ran out of tokens", error: "failed in the engine" })[c[FINISH]]));
    node.append(fill(element("div", "text"), trimmed(c[TEXT])));
    node.lastChild.tabIndex = 0;
    return node;
  };
  const levelName = (name) => (!name || /^level/i.test(name) ? name : `level ${name}`);
  const sampleNode = (sample) => {
    const place = [data.tasks.length > 1 ? data.tasks[sample[TASK]] : "", data.subjects[sample[SUBJECT]],
      levelName(data.levels[sample[LEVEL]]), `sample ${sample[ID]}`].filter(Boolean).join(" · ");
    const chips = sample[COMPLETIONS].slice(0, 6).map(chip);
    if (sample[COMPLETIONS].length > 6) chips.push(element("span", "chip", `and ${sample[COMPLETIONS].length - 6} more`));
    const node = element("details", "sample", element("summary", "",
      element("div", "", element("div", "meta", place), fill(element("div", "excerpt"), excerpt(sample[QUESTION], 220))),
      element("div", "chips", ...chips)));
    node.addEventListener("toggle", () => {
      if (!node.open || node.querySelector(".body")) return;
      node.append(element("div", "body",
        element("h4", "", "Question"), fill(element("div", "text"), sample[QUESTION]),
        element("h4", "", "Gold"), fill(element("div", "text"), sample[GOLD]),
        element("div", "answers", ...sample[COMPLETIONS].map(completionNode))));
    });
    return node;
  };

  let found = [];
  let page = 0;
  const draw = () => {
    const pages = Math.max(1, Math.ceil(found.length / PAGE));
    const shown = found.slice(page * PAGE, (page + 1) * PAGE);
    byId("list").replaceChildren(...shown.map((index) => sampleNode(data.samples[index])));
    byId("count").textContent = `${found.length.toLocaleString("en")} of ${data.samples.length.toLocaleString("en")} samples`;
    byId("page").textContent = `${page + 1} of ${pages.toLocaleString("en")}`;
    byId("pager").hidden = pages === 1;
    byId("previous").disabled = page === 0;
    byId("next").disabled = page >= pages - 1;
  };
  const update = () => { found = matching(); page = 0; draw(); };
  const turn = (by) => { page += by; draw(); byId("samples").scrollIntoView(); };
  let waiting = 0;
  byId("filters").addEventListener("input", (event) => {
    clearTimeout(waiting);
    waiting = setTimeout(update, event.target.id === "text" ? 120 : 0);
  });
  byId("filters").addEventListener("reset", () => setTimeout(update, 0));
  byId("filters").addEventListener("submit", (event) => event.preventDefault());
  byId("previous").addEventListener("click", () => turn(-1));
  byId("next").addEventListener("click", () => turn(1));
  byId("filters").hidden = false;
  update();
})();
