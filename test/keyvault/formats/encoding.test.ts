import fc from 'fast-check'
import t from 'tap'
import { decodeValue } from '../../../keyvault/formats/encoding.ts'

t.test('bytes of any kind come back from base64 and hex', async (t) => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 100 }), (array) => {
      const bytes = Buffer.from(array)
      t.strictSame(decodeValue(bytes.toString('base64'), 'base64'), { kind: 'valid', value: bytes })
      t.strictSame(decodeValue(bytes.toString('hex'), 'hex'), { kind: 'valid', value: bytes })
      t.strictSame(decodeValue(bytes.toString('hex').toUpperCase(), 'hex'), {
        kind: 'valid',
        value: bytes,
      })
    }),
    { numRuns: 200 },
  )
})

t.test('utf-8 is the value as it is, line breaks and all', async (t) => {
  for (const value of ['', 'a', 'a\n', '\r\n', 'é😀', '\ufeffx', '\0'])
    t.strictSame(
      decodeValue(value, 'utf-8'),
      { kind: 'valid', value: Buffer.from(value) },
      JSON.stringify(value),
    )
})

t.test('line breaks are passed over, as where a text was wrapped', async (t) => {
  const value = Buffer.from('hello')
  for (const text of ['aGVsbG8=\n', 'aGVs\r\nbG8=', '\naGVsbG8\n=\n'])
    t.strictSame(decodeValue(text, 'base64'), { kind: 'valid', value }, JSON.stringify(text))
  t.strictSame(decodeValue('6865\n6c6c\r\n6f\n', 'hex'), { kind: 'valid', value })
})

t.test('text that isn’t base64 is an error, and never read in part', async (t) => {
  const invalid = [
    'aGVsbG8',
    'aGVsbG8==',
    'aGVsbG8= ',
    ' aGVsbG8=',
    'aGVs bG8=',
    'aGVs\tbG8=',
    'aGVsbG9=',
    'aGVsbG8=aGVsbG8=',
    'aGVsbG8=x',
    '-_-_',
    'a',
    '=',
    '====',
    'aGVsbG8!',
    'é',
    'aGVs\u00a0bG8=',
    'ａGVs',
  ]
  for (const value of invalid) {
    t.match(
      decodeValue(value, 'base64'),
      { problem: /^the value is not base64: A–Z.*padded/ },
      value,
    )
    t.notMatch(decodeValue(value, 'base64'), { value: {} }, value)
  }
})

t.test('text that isn’t hexadecimal is an error, and never read in part', async (t) => {
  for (const value of ['a', 'abc', 'ag', '0x00', 'ab cd', 'ab ', 'ａb', '-1', 'zz'])
    t.match(decodeValue(value, 'hex'), { problem: /^the value is not hexadecimal: pairs/ }, value)
})
