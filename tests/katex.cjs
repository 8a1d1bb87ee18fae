// Reads [{where, tex, display}] from standard input and writes those that KaTeX cannot set, strictly, with its reason.
const katex = require(process.argv[2]);
const formulas = JSON.parse(require("fs").readFileSync(0, "utf8"));
const failures = [];
for (const { where, tex, display } of formulas) {
  try {
    katex.renderToString(tex, { displayMode: display, strict: "error", throwOnError: true });
  } catch (error) {
    failures.push(`${where}: ${tex}\n    ${error.message}`);
  }
}
console.log(JSON.stringify(failures));
