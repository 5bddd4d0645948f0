// One JSON object a line for each test: {name, passed, seconds, error?}. Read by conftest.py.
import {inspect} from 'node:util';

export default async function* reporter(source) {
  for await (const {type, data} of source) {
    if (type !== 'test:pass' && type !== 'test:fail') continue;
    const error = type === 'test:fail' ? inspect(data.details.error?.cause ?? data.details.error, {depth: 4}) : undefined;
    yield JSON.stringify({name: data.name, passed: type === 'test:pass', seconds: data.details.duration_ms / 1000, error}) + '\n';
  }
}
