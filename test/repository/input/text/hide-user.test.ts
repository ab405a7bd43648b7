import t from 'tap'
import { hideUser } from '../../../../repository/input/text/hide-user.ts'

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
  ] as const)
    t.equal(hideUser(url), shown)
})
