import t from 'tap'
import { objectRevision } from '../../../requests/external-secret/seen-external-secret.ts'

t.test('is what Go computes', async (t) => {
  t.equal(objectRevision({}), '0-f47fe3c0b255b6dd8047cdffa772587bb829efe7a1cb70febeda2eb2')
  t.equal(
    objectRevision({
      generation: 7,
      labels: { app: 'web' },
      annotations: { 'force-sync': '1700000000', 'a.example/b': 'x y' },
    }),
    '7-064cecd759b8d81d970eebfa612dbbd72c44c21591fcca67d586efc3',
  )
})
