// Puts questions to a range server through npm's hibp: JSON on standard input, JSON on standard output.
//
// In: [[FUNCTION, ARGUMENT, OPTIONS], ...]. Out, for each: {"value": ANSWER} or {"error": MESSAGE}.

import { createRequire } from 'node:module';
import { text } from 'node:stream/consumers';
import { pathToFileURL } from 'node:url';

// The package is installed in the working directory, which is not where this file is.
const installed = createRequire(`${process.cwd()}/`).resolve('hibp');
const { pwnedPassword, pwnedPasswordRange } = await import(pathToFileURL(installed));
const functions = { pwnedPassword, pwnedPasswordRange };

const answers = [];
for (const [name, argument, options] of JSON.parse(await text(process.stdin))) {
  try {
    answers.push({ value: await functions[name](argument, options) });
  } catch (error) {
    answers.push({ error: error.message });
  }
}
process.stdout.write(JSON.stringify(answers));
