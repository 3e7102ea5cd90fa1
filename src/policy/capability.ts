import type { Operation } from '../logical/request.ts'

/** What a rule can give, in the order in which answers have them (surface.md section 0.23). */
export const CAPABILITIES = [
  'create',
  'delete',
  'deny',
  'list',
  'patch',
  'read',
  'scan',
  'sudo',
  'update',
] as const

export type Capability = (typeof CAPABILITIES)[number]

/** Several capabilities, as bits. */
export type CapabilitySet = number

export const NO_CAPABILITY: CapabilitySet = 0

/** Taken for itself: `deny` erases whatever stands beside it. */
export const DENY: CapabilitySet = setOf(['deny'])

export function setOf(capabilities: readonly Capability[]): CapabilitySet {
  return capabilities.reduce((set, one) => set | (1 << CAPABILITIES.indexOf(one)), NO_CAPABILITY)
}

export function has(set: CapabilitySet, capability: Capability): boolean {
  return (set & (1 << CAPABILITIES.indexOf(capability))) !== 0
}

/** In alphabetical order. */
export function namesOf(set: CapabilitySet): readonly Capability[] {
  return CAPABILITIES.filter((one) => has(set, one))
}

export function isCapability(text: string): text is Capability {
  return (CAPABILITIES as readonly string[]).includes(text)
}

/** What an operation asks for (surface.md section 3.3). `null`: nothing but a valid token. */
export function capabilityFor(operation: Operation): Capability | null {
  return operation === 'help' ? null : operation
}
