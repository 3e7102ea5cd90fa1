import { cubbyhole } from '../engines/cubbyhole/cubbyhole.ts'
import { kvV1 } from '../engines/kv/kv-v1.ts'
import type { SecretsEngine } from '../logical/backend.ts'

/** The engines that can be mounted. Deliberately source: in a security server a reviewer sees what runs. */
export const ENGINES = { cubbyhole, kv: kvV1 } satisfies Record<string, SecretsEngine>
