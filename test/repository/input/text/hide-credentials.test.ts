import t from 'tap'
import { hideCredentials } from '../../../../repository/input/text/hide-credentials.ts'

t.test('what may be a password or a token isn’t shown', async (t) => {
  for (const [url, shown] of [
    ['https://user:password@git.example/a/b', 'https://***@git.example/a/b'],
    ['git::https://token@git.example/a/b', 'git::https://***@git.example/a/b'],
    ['https://user:pass@word@git.example/a', 'https://***@git.example/a'],
    ['https://user:pass/word@git.example/a', 'https://***@git.example/a'],
    ['https://user:pass\nword@git.example/a', 'https://***@git.example/a'],
    ['user:password@git.example/a', '***@git.example/a'],
    ['ssh://git:password@git.example/a', 'ssh://***@git.example/a'],
    ['git@git.example:password@a', '***@a'],
    ['ssh://git@git.example/a', 'ssh://***@git.example/a'],
    ['git@git.example:a/b', 'git@git.example:a/b'],
    ['https://git.example/a/b?ref=v1', 'https://git.example/a/b?ref=v1'],
    ['https://a.example/b.yaml?sv=1&sig=password', 'https://a.example/b.yaml?***&***'],
    ['git::https://a.example/b?ref=v1&sshkey=password', 'git::https://a.example/b?ref=v1&***'],
    ['https://a.example/b?pass?word\nref=v1', 'https://a.example/b?***'],
    ['git@git.example:a/b?token=password', 'git@git.example:a/b?***'],
  ] as const)
    t.equal(hideCredentials(url), shown)
})
