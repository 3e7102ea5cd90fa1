/** A network, as the bytes of its addresses and how many bits of them it fixes. */
interface Network {
  readonly bytes: readonly number[]
  readonly bits: number
}

/**
 * Whether `address`, an IPv4 or IPv6 address as a socket gives it, lies in one of `networks`. What cannot be
 * read, such as the name of a Unix socket, lies nowhere. An IPv4 address within IPv6 (RFC 4291 section
 * 2.5.5.2) is that IPv4 address, for networks as well: a listener on `::` sees every IPv4 peer so.
 */
export function liesIn(networks: readonly string[], address: string): boolean {
  // RFC 4007 section 11: the zone says on which of our own links a peer is, and is no part of its address.
  const peer = unmapped(addressBytes(address.replace(/%.*$/, '')))
  if (peer === null) return false
  return networks.some((text) => {
    const network = parseNetwork(text)
    return network !== null && contains(network, peer)
  })
}

/** Whether `text` is an address, or one with the number of its leading bits behind a slash. */
export function isNetwork(text: string): boolean {
  return parseNetwork(text) !== null
}

/**
 * Networks of those addresses that lie in one of `some` and in one of `others`. Of two networks one holds the
 * other, or nothing lies in both: so these are the inner ones, as they were written. None: nothing does.
 */
export function networksInBoth(some: readonly string[], others: readonly string[]): readonly string[] {
  const [spans, otherSpans] = [spansOf(some), spansOf(others)]
  const inner = [...spans.filter(liesWithin(otherSpans)), ...otherSpans.filter(liesWithin(spans))]
  return [...new Set(inner.map(({ text }) => text))]
}

/** A network as its first and its last address; those of IPv4 come before all of IPv6. */
interface Span {
  readonly text: string
  readonly first: bigint
  readonly last: bigint
}

function spansOf(networks: readonly string[]): readonly Span[] {
  return networks.flatMap((text) => {
    const network = parseNetwork(text)
    if (network === null) return []
    const { bytes, bits } = network
    const family = bytes.length === 4 ? '4' : '6'
    const digits = bytes.map((byte) => byte.toString(16).padStart(2, '0')).join('')
    const free = BigInt(bytes.length * 8 - bits)
    const first = (BigInt(`0x${family}${digits}`) >> free) << free
    return [{ text, first, last: first + (1n << free) - 1n }]
  })
}

/** Lists may be long, and are sorted once instead of compared pair by pair. */
function liesWithin(spans: readonly Span[]): (span: Span) => boolean {
  const sorted = [...spans].sort((one, other) => sign(one.first - other.first) || sign(other.last - one.last))
  const outermost: Span[] = []
  for (const span of sorted) if (span.last > (outermost.at(-1)?.last ?? -1n)) outermost.push(span)
  return ({ first, last }) => {
    let [low, high] = [0, outermost.length]
    while (low < high) {
      const middle = (low + high) >> 1
      if ((outermost[middle]?.first ?? 0n) <= first) low = middle + 1
      else high = middle
    }
    return (outermost[low - 1]?.last ?? -1n) >= last
  }
}

function sign(difference: bigint): number {
  return difference === 0n ? 0 : difference < 0n ? -1 : 1
}

function parseNetwork(text: string): Network | null {
  const [, address = '', length] = /^([0-9a-fA-F.:]+)(?:\/(\d{1,3}))?$/.exec(text) ?? []
  const bytes = addressBytes(address)
  if (bytes === null) return null
  const bits = length === undefined ? bytes.length * 8 : Number(length)
  if (bits > bytes.length * 8) return null
  const inner = unmapped(bytes)
  const MAPPED_BITS = 96
  if (inner === null || inner.length === bytes.length) return { bytes, bits }
  // What is wider than all of IPv4 holds the mapped form of every IPv4 address.
  return { bytes: inner, bits: Math.max(0, bits - MAPPED_BITS) }
}

function contains({ bytes, bits }: Network, address: readonly number[]): boolean {
  if (bytes.length !== address.length) return false
  return bytes.every((byte, index) => {
    const counted = Math.min(8, Math.max(0, bits - index * 8))
    const mask = (0xff << (8 - counted)) & 0xff
    return (byte & mask) === ((address[index] ?? 0) & mask)
  })
}

/** Four or sixteen bytes, or `null`. */
function addressBytes(text: string): readonly number[] | null {
  return text.includes(':') ? ipv6Bytes(text) : ipv4Bytes(text)
}

/** Four decimal numbers without leading zeros, which some read as octal. */
function ipv4Bytes(text: string): readonly number[] | null {
  const parts = text.split('.')
  if (parts.length !== 4 || !parts.every((part) => /^(?:0|[1-9]\d{0,2})$/.test(part))) return null
  const bytes = parts.map(Number)
  return bytes.every((byte) => byte <= 0xff) ? bytes : null
}

/** RFC 4291 section 2.2, in its three forms. */
function ipv6Bytes(text: string): readonly number[] | null {
  const halves = text.split('::')
  if (halves.length > 2) return null
  const [head, tail] = halves.map((half, index) => groupBytes(half, index === halves.length - 1))
  if (head === undefined || head === null || tail === null) return null
  if (tail === undefined) return head.length === 16 ? head : null
  const missing = 16 - head.length - tail.length
  // `::` stands for at least one group.
  return missing < 2 ? null : [...head, ...new Array<number>(missing).fill(0), ...tail]
}

function groupBytes(text: string, isLast: boolean): readonly number[] | null {
  if (text === '') return []
  const groups = text.split(':')
  const bytes: number[] = []
  for (const [index, group] of groups.entries()) {
    const inner = isLast && index === groups.length - 1 && group.includes('.') ? ipv4Bytes(group) : null
    if (inner !== null) bytes.push(...inner)
    else if (/^[0-9a-fA-F]{1,4}$/.test(group)) {
      const value = Number.parseInt(group, 16)
      bytes.push(value >> 8, value & 0xff)
    } else return null
  }
  return bytes
}

function unmapped(bytes: readonly number[] | null): readonly number[] | null {
  const isMapped =
    bytes?.length === 16 &&
    bytes.slice(0, 10).every((byte) => byte === 0) &&
    bytes[10] === 0xff &&
    bytes[11] === 0xff
  return isMapped ? (bytes ?? []).slice(12) : bytes
}
