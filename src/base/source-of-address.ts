/** 16-bit groups of an IPv6 address that one customer of a network has: the first 64 bits (RFC 6177). */
const IPV6_GROUPS = 8
const IPV6_SITE_GROUPS = 4

/**
 * Who is counted as one, as far as an address tells: an IPv4 address, also where it comes in the form of IPv6
 * (RFC 4291 section 2.5.5.2), or the /64 of an IPv6 address, of which one stranger has all. What is no
 * address, as `unix`, stands for itself. For counting alone: whether two requests come from the same place,
 * for what only one may do, is asked of the whole address.
 */
export function sourceOfAddress(address: string): string {
  const [text = ''] = address.split('%')
  const mapped = /^::ffff:(\d{1,3}(?:\.\d{1,3}){3})$/i.exec(text)?.[1]
  if (mapped !== undefined) return mapped
  if (!text.includes(':')) return text
  const [left = '', right = ''] = text.split('::')
  const before = left === '' ? [] : left.split(':')
  const after = right === '' ? [] : right.split(':')
  const zeros = Array.from({ length: Math.max(0, IPV6_GROUPS - before.length - after.length) }, () => '0')
  const groups = [...before, ...zeros, ...after].slice(0, IPV6_SITE_GROUPS)
  return `${groups.map((group) => group.toLowerCase()).join(':')}::/64`
}
