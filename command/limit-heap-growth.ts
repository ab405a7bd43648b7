import { setFlagsFromString } from 'node:v8'

/**
 * Makes V8 collect garbage more often in this process. Otherwise its heap grows to a multiple of what is in use before V8 looks
 * for garbage, and reading manifests or thousands of pods makes a lot of it. V8 looks at these flags at each collection, so they can
 * be set while it runs. It costs CPU time: a few percent for manifests, and half as much again for 10,000 pods.
 */
export function limitHeapGrowth(): void {
  setFlagsFromString('--heap-growing-percent=20')
  setFlagsFromString('--semi-space-growth-factor=1')
}
