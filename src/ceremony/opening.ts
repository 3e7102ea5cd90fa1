import type { PlainWrite } from '../barrier/barrier.ts'
import { unixMillis } from '../base/clock.ts'
import { uuidFrom } from '../base/encoding.ts'
import type { SecretBytes } from '../base/secret-bytes.ts'
import { type Consent, type ConsentVerb, consentWithShare } from '../custody/consent.ts'
import type { KeySet } from '../custody/key-set.ts'
import { encodeStatement, type Statement, statementDigest } from '../custody/statement.ts'
import type { Agreement, Opener } from './agreement.ts'
import type { JudgedShare } from './judge.ts'
import { noteOpening } from './openers.ts'
import type { CeremonyPorts } from './ports.ts'
import type { Session } from './session.ts'
import { TranscriptDraft } from './transcripts.ts'

/** What somebody shows who opens or cancels a ceremony. The share stays with the caller. */
export type Shown = { readonly by: 'nobody' | 'token' } | ShownShare

export interface ShownShare {
  readonly by: 'holder'
  readonly share: SecretBytes
  readonly judged: JudgedShare
}

/** What a new ceremony is for. */
export interface Proposal {
  readonly kind: Statement['kind']
  /** Sets whose holders may agree: the live one first. */
  readonly sets: readonly KeySet[]
  readonly deal: Statement['deal']
  /** Made from the ceremony's id, to which a one-time password is bound. */
  readonly token?: (ceremonyId: string) => NonNullable<Statement['token']>
  readonly shown: Shown
}

/** A ceremony that is about to be stored. */
export interface Opening {
  readonly agreement: Agreement
  readonly draft: TranscriptDraft
  /** For the same commit. */
  readonly besides: readonly PlainWrite[]
}

/**
 * Makes statement, agreement and the first lines of a transcript. Nothing is stored here. Throws
 * `ceremony_limit` for a holder who has opened too many.
 */
export async function openCeremony(
  ports: CeremonyPorts,
  session: Session,
  proposal: Proposal,
): Promise<Opening> {
  const agreement = agreementOf(ports, session, proposal)
  const besides = await noteOpening(session.barrier, agreement.opener, agreement.opened)
  const draft = TranscriptDraft.open(ports, session, { ...agreement, sets: proposal.sets })
  if (proposal.shown.by === 'holder')
    draft.consent(sign(ports, agreement, { ...proposal.shown, verb: 'open' }))
  return { agreement, draft, besides }
}

/** What a holder's share says about a ceremony: a signature, made from the share that was submitted. */
export function sign(
  { primitives }: Pick<CeremonyPorts, 'primitives'>,
  agreement: Agreement,
  act: { readonly verb: ConsentVerb; readonly share: SecretBytes; readonly judged: JudgedShare },
): Consent {
  const { share, judged } = act
  const holder = { share, setId: judged.set.id, shareNumber: judged.number }
  return consentWithShare(primitives, { verb: act.verb, digest: agreement.digest }, holder)
}

function agreementOf(ports: CeremonyPorts, session: Session, proposal: Proposal): Agreement {
  const { kind, sets, deal, token, shown } = proposal
  const opened = ports.clock.now()
  const expires = unixMillis(opened + ports.settings.ceremonyExpiryMs)
  const ceremonyId = uuidFrom(ports.entropy.bytes(16))
  const statement = encodeStatement({
    kind,
    ceremonyId,
    storeId: session.record.storeId,
    keySets: sets,
    opened,
    expires,
    deal,
    ...(token === undefined ? {} : { token: token(ceremonyId) }),
  })
  return {
    ceremonyId,
    statement,
    digest: statementDigest(ports.primitives, statement),
    opened,
    expires,
    quorums: sets.map((set) => ({ setId: set.id, shares: set.shares.length, threshold: set.threshold })),
    opener: openerOf(shown),
    consents: [],
    cancels: [],
  }
}

function openerOf(shown: Shown): Opener {
  if (shown.by !== 'holder') return { by: shown.by }
  return { by: 'holder', setId: shown.judged.set.id, shareNumber: shown.judged.number }
}
