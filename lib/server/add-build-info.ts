import { Gauge, type Registry } from 'prom-client'
import { buildInfo, type Component } from '../metrics/build-info.ts'

/** Adds `akv_injector_build_info` to the registry of a component. */
export function addBuildInfo(registry: Registry, component: Component): void {
  const { name, help, samples } = buildInfo(component)
  const [{ labels, value }] = samples
  const labelNames = Object.keys(labels)
  new Gauge({ name, help, labelNames, registers: [registry] }).set(labels, value)
}
