import t from 'tap'
import { isIssuer } from '../../../emulator/data/is-issuer.ts'

t.test('an issuer is an https URL, or an http URL on 127.0.0.1', async (t) => {
  for (const text of ['https://oidc.example/cluster', 'https://[::1]:6443', 'http://127.0.0.1:80'])
    t.ok(isIssuer(text), text)
  for (const text of [
    ...['', 'me', 'https://', 'file:///etc', ' https://oidc.example', 'https://oidc.example/ '],
    ...[
      'http://oidc.example',
      'http://localhost',
      'http://127.0.0.1.example',
      'http://127.0.0.1@a/',
    ],
  ])
    t.notOk(isIssuer(text), text)
})
