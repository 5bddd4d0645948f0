// node check.mjs FILE: what the official parser says of an AsyncAPI document, a JSON line each; then, for each line
// {"message", "payload"} of standard input, whether the payload is what the document says of that message.
import {readFileSync} from 'node:fs';
import {createInterface} from 'node:readline';
import parser from '@asyncapi/parser';
import Ajv from 'ajv';
import yaml from 'js-yaml';

const text = readFileSync(process.argv[2], 'utf8');
const say = (what) => console.log(JSON.stringify(what));

const {document, diagnostics} = await new parser.Parser().parse(text);
for (const {severity, code, path, message} of diagnostics) say({severity, code, path: path.join('.'), message});
say({
  channels: document?.channels().all().map((channel) => channel.address() ?? null) ?? [],
  operations: document?.operations().all().map((operation) => operation.id()) ?? [],
});

const ajv = new Ajv({strict: false, validateFormats: false, allErrors: true});
ajv.addSchema({...yaml.load(text), $id: 'document'});
for await (const line of createInterface({input: process.stdin})) {
  const {message, payload} = JSON.parse(line);
  const valid = ajv.validate({$ref: `document#/components/messages/${message}/payload`}, payload);
  say({message, valid, errors: valid ? [] : ajv.errors.map(({instancePath, message: why}) => `${instancePath} ${why}`)});
}
