// What the drivers in JavaScript share: steps and outcomes as steps.py describes them.
const fs = require('fs');

function fromJson(value) {
  if (Array.isArray(value)) return value.map(fromJson);
  if (value === null || typeof value !== 'object') return value;
  if (typeof value.B === 'string') return {B: Buffer.from(value.B, 'base64')};
  if (Array.isArray(value.BS)) return {BS: value.BS.map((one) => Buffer.from(one, 'base64'))};
  return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, fromJson(one)]));
}

function toJson(value) {
  if (value instanceof Uint8Array) return Buffer.from(value).toString('base64');
  if (value instanceof Set) return [...value].map(toJson);
  if (Array.isArray(value)) return value.map(toJson);
  if (value === null || typeof value !== 'object') return value;
  // A set of the SDK v2.
  if (value.wrapperName === 'Set') return value.values.map(toJson);
  return Object.fromEntries(
      Object.entries(value).filter(([name]) => name !== '$metadata').map(([name, one]) => [name, toJson(one)]));
}

// call: (method, arguments) => promise of the answer
exports.run = async function(call) {
  const outcomes = [];
  for (const [operation, args] of JSON.parse(fs.readFileSync(process.argv[3]))) {
    try {
      const answer = await call(operation[0].toLowerCase() + operation.slice(1), fromJson(args));
      outcomes.push({ok: toJson(answer ?? {})});
    } catch (error) {
      const outcome = {error: error.code ?? error.name, text: String(error)};
      const reasons = error.cancellationReasons ?? error.CancellationReasons;
      if (reasons) outcome.reasons = reasons.map((reason) => reason.Code ?? reason.code);
      outcomes.push(outcome);
    }
  }
  fs.writeSync(1, JSON.stringify(outcomes));
  process.exit(0);
};
