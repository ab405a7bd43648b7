import { array, assert, constantFrom, nat, property, tuple } from 'fast-check'
import t from 'tap'
import { createHeap } from '../../../sync/queue/heap.ts'

interface Item {
  readonly rank: number
}

const isBefore = (a: Item, b: Item): boolean => a.rank < b.rank

t.test('the first item is the lowest of those that were added and not removed', async () => {
  const step = tuple(constantFrom('add', 'remove', 'remove the first'), nat(50))
  await assert(
    property(array(step, { maxLength: 200 }), (steps) => {
      const heap = createHeap(isBefore)
      const kept: Item[] = []
      const remove = (item: Item | undefined) => {
        if (item === undefined) return
        heap.remove(item)
        kept.splice(kept.indexOf(item), 1)
      }
      for (const [what, number] of steps) {
        if (what === 'add') {
          const item = { rank: number }
          heap.add(item)
          kept.push(item)
        } else remove(what === 'remove' ? kept[number % kept.length] : heap.first())
        const lowest = Math.min(...kept.map(({ rank }) => rank))
        if ((heap.first()?.rank ?? Number.POSITIVE_INFINITY) !== lowest) return false
      }
      return true
    }),
  )
})

t.test('removing an item that isn’t in the heap changes nothing', async (t) => {
  const heap = createHeap(isBefore)
  heap.remove({ rank: 0 })
  t.equal(heap.first(), undefined)
  const item = { rank: 1 }
  heap.add(item)
  heap.remove({ rank: 1 })
  t.equal(heap.first(), item)
})
