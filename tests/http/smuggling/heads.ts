import type { Family } from './family.ts'

/** What stands before a body: lines, targets, hosts, and ways to another protocol (RFC 9112, 2 to 5). */

const HOST = 'Host: x\r\n'
const get = (headers: string): string => `GET /v1/m000/a HTTP/1.1\r\n${HOST}${headers}\r\n`
const UPGRADE = 'Connection: Upgrade\r\nUpgrade: x\r\n'
/** As curl has it for `--http2`. */
const H2C = 'Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\n'
const UPGRADING = `PUT /v1/m000/a HTTP/1.1\r\n${HOST}${UPGRADE}`
/** Marks where one packet ends and the next begins. */
const CUT = '|'
const packets = (text: string): readonly string[] => text.split(CUT)
/** What may come behind a request on its connection, of which nothing is acted on where that was its last. */
const BEHIND: readonly string[] = [
  get('').replace('/a', '/smuggled'),
  `LIST /v1/m000/smuggled HTTP/1.1\r\n${HOST}\r\n`,
  'X',
  `PUT /v1/m000/smuggled HTTP/1.1\r\n${HOST}Content-Length: 2\r\n\r\n{}${get('').replace('/a', '/smuggled')}`,
  `PUT /v1/m000/smuggled HTTP/1.1\r\n${HOST}Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
]

export const HEADS: readonly Family[] = [
  {
    what: 'the request line',
    make: (line) => [`${line}\r\n${HOST}\r\n`],
    cases: {
      '200 open: read a': [
        ...['GET /v1/m000/a HTTP/1.1', 'GET /v1/m000/a  HTTP/1.1', 'GET  /v1/m000/a HTTP/1.1'],
        ...[
          '\r\nGET /v1/m000/a HTTP/1.1',
          '\nGET /v1/m000/a HTTP/1.1',
          '\r\n\r\n\r\nGET /v1/m000/a HTTP/1.1',
        ],
      ],
      '200 closed: read a': ['GET /v1/m000/a HTTP/1.0'],
      '400 closed': [
        ...[
          'GET /v1/m000/a',
          'GET /v1/m000/a HTTP/0.9',
          'GET /v1/m000/a HTTP/1.2',
          'GET /v1/m000/a HTTP/2.0',
        ],
        ...['GET /v1/m000/a HTTP/1.10', 'GET /v1/m000/a http/1.1', 'GET /v1/m000/a HTTP/1.1 '],
        ...['GET\t/v1/m000/a HTTP/1.1', 'GET /v1/m000/a\tHTTP/1.1', ' GET /v1/m000/a HTTP/1.1'],
        ...['G\x00ET /v1/m000/a HTTP/1.1', 'OPTIONS * HTTP/1.1', 'PRI * HTTP/2.0'],
        ...['GET /v1/m000/a HTTP/1.1\r', 'GET /v1/m000/a HTTP/1.1\n', 'HTTP/1.1 200 OK', ''],
      ],
      '405 open': [
        ...['TRACE /v1/m000/a HTTP/1.1', 'SEARCH /v1/m000/a HTTP/1.1'],
        ...['PROPFIND /v1/m000/a HTTP/1.1', 'M-SEARCH /v1/m000/a HTTP/1.1', 'QUERY /v1/m000/a HTTP/1.1'],
      ],
      '400 open': ['OPTIONS /v1/m000/a HTTP/1.1'],
      '405 closed': [
        ...['SOURCE /v1/m000/a ICE/1.0', 'DESCRIBE /v1/m000/a RTSP/1.0'],
        ...['get /v1/m000/a HTTP/1.1', 'Get /v1/m000/a HTTP/1.1'],
        ...['FOO /v1/m000/a HTTP/1.1', 'GETT /v1/m000/a HTTP/1.1'],
      ],
      'nothing closed': ['CONNECT x:80 HTTP/1.1', 'CONNECT /v1/m000/a HTTP/1.1'],
    },
  },
  {
    what: 'the target',
    make: (target) => [`GET ${target} HTTP/1.1\r\n${HOST}\r\n`],
    cases: {
      '200 open: read a': ['/v1/m000/a', '/v1/m000/a?', '/v1/m000/a?x=/v1/m000/b', '/v1/m000/%61'],
      '400 closed': [
        ...['http://x/v1/m000/a', 'http://evil/v1/m000/a', 'https://x/v1/m000/a', 'HTTP://x/v1/m000/a'],
        ...[
          '//x/v1/m000/a',
          'x/v1/m000/a',
          'v1/s/a',
          '*',
          'x:80',
          '/v1/m000/a#b',
          '/v1/m000//a',
          '/v1/m000/./a',
        ],
        ...[
          '/v1/m000/../a',
          '/v1/m000/%2e%2e/a',
          '/v1/m000/%2E/a',
          '/v1/m000%2fa',
          '/v1%2fm000/a',
          '/v1/m000/a%00',
        ],
        ...[
          '/v1/m000/a%0d%0aX:y',
          '/v1/m000/a%',
          '/v1/m000/a%zz',
          '/v1/m000/a\\b',
          '/v1/m000\\..\\a',
          '/v1/m000/\xe9',
        ],
        ...[
          '/v1/m000/\xc3\xa9',
          '/v1/m000/%ff',
          '/v1/m000/a\x00',
          '/v1/m000/a\x7f',
          '/v1/m000/a\tb',
          '/v1/m000/a b',
        ],
        ...['/v1/m000/a\x0bb'],
        `/v1/m000/${'a'.repeat(4091)}`,
      ],
      '200 open: read a#b': ['/v1/m000/a%23b'],
      '200 open: read a;b': ['/v1/m000/a;b'],
      '200 open: read é': ['/v1/m000/%c3%a9'],
      '404 open': ['/V1/s/a'],
      '200 open: read aaaaaaaaaaaaaaaa': [`/v1/m000/${'a'.repeat(4080)}`],
      '431 closed': [`/v1/m000/${'a'.repeat(16_384)}`],
    },
  },
  {
    what: 'the host',
    make: (lines) => [`GET /v1/m000/a HTTP/1.1\r\n${lines}\r\n`],
    cases: {
      '200 open: read a': [
        ...['Host: x\r\n', 'host: x\r\n', 'Host:\r\n', 'Host: \r\n', 'Host: x:80:90\r\n'],
        ...['Host: [::1]\r\n'],
      ],
      '400 closed': [
        ...['', 'X: y\r\n', 'Host: x\r\nHost: x\r\n', 'Host: x\r\nHost: y\r\n'],
        ...['Host: x\r\nhost: x\r\n', 'Host: x\r\nX: y\r\nHOST: y\r\n', 'Host : x\r\n'],
        ...[' Host: x\r\n', 'Host: x\r\n y\r\n', 'Host: x\nHost: y\r\n', 'Host: x, y\r\n'],
        ...['Host: x y\r\n', 'Host: x\x00\r\n', 'Host: x@y\r\n', 'Host: x/y\r\n', 'Host\x00: x\r\n'],
      ],
    },
  },
  {
    what: 'a line of the head',
    make: (line) => [get(line)],
    cases: {
      '200 open: read a': [
        ...['X: y\r\n', 'X:\r\n', 'X:y\r\n', 'X: \t y \t \r\n', 'X: \x80\r\n'],
        'X: y\r\n'.repeat(127),
        `X: ${'y'.repeat(15_000)}\r\n`,
      ],
      '400 closed': [
        ...['X : y\r\n', 'X\t: y\r\n', ' X: y\r\n', '\tX: y\r\n', 'X: y\r\n z\r\n'],
        ...['X: y\r\n\tz\r\n', 'X: y\r\n \r\n', 'X:\r\n y\r\n', 'X: y\nZ: z\r\n', 'X: y\rZ: z\r\n'],
        ...['X: y\r\r\n', 'X: y\n', 'X: y\r', '\nX: y\r\n', 'X: \x00\r\n', 'X: \x01\r\n'],
        ...['X: \x7f\r\n', 'X: \x0b\r\n', 'X: \x1b[2J\r\n', 'X\r\n', ': y\r\n', 'X Y: z\r\n'],
        ...['X(: y\r\n', 'X@: y\r\n', 'X\x80: y\r\n', 'X\x00: y\r\n', '"X": y\r\n', 'X/: y\r\n'],
        ...['\x00\r\n', 'GET /v1/m000/smuggled HTTP/1.1\r\n', '{}: y\r\n'],
        'X: y\r\n'.repeat(128),
        'a:\r\n'.repeat(3000),
      ],
      '431 closed': [`X: ${'y'.repeat(17_000)}\r\n`, `${'X'.repeat(17_000)}: y\r\n`],
    },
  },
  {
    what: 'a header that decides, twice',
    make: (lines) => [get(`${lines}\r\n`)],
    cases: {
      '400 closed': [
        'X-Vault-Token: a\r\nX-Vault-Token: b',
        'X-Vault-Token: a\r\nx-vault-token: a',
        'Authorization: Bearer a\r\nAuthorization: Bearer b',
        'X-Vault-Namespace: root\r\nX-Vault-Namespace: a',
        'Origin: http://x\r\nOrigin: http://y',
        'Sec-Fetch-Site: none\r\nSec-Fetch-Site: cross-site',
        'Content-Type: a/b\r\nContent-Type: c/d',
        'Content-Encoding: identity\r\nContent-Encoding: gzip',
        'X-Vault-Token : a',
      ],
      '200 open: read a': [
        'X-Vault-Token: a\r\nAuthorization: Bearer b',
        'X-Vault-Token: a, b',
        'X_Vault_Token: a\r\nX-Vault-Token: b',
        'X-HTTP-Method-Override: DELETE',
        'X-Original-URL: /v1/m000/b\r\nX-Rewrite-URL: /v1/m000/b',
        'Cookie: a=b\r\nCookie: c=d',
      ],
    },
  },
  {
    what: 'a way to another protocol',
    make: packets,
    cases: {
      '200 open: read a': [get('Connection: Upgrade\r\n'), get('Connection: Upgrade, HTTP2-Settings\r\n')],
      // The wish is not heard, the request is answered, and nothing behind it is acted on.
      '200 closed: read a': [
        get('Connection: Upgrade\r\nUpgrade: websocket\r\n'),
        get(H2C),
        get('Upgrade: h2c\r\n'),
        get('Proxy-Connection: Upgrade\r\nUpgrade: h2c\r\n'),
        get('Connection: keep-alive, upgrade\r\nupgrade:\r\n'),
        get('Connection: Upgrade\r\nConnection: keep-alive\r\nUpgrade: x\r\nUpgrade: y\r\n'),
        `${get(`${UPGRADE}Content-Length: 2\r\n`)}{}`,
        `${get(`${UPGRADE}Transfer-Encoding: chunked\r\n`)}2\r\n{}\r\n0\r\n\r\n${get('')}`,
        ...BEHIND.map((next) => get(H2C) + next),
        ...BEHIND.map((next) => get(H2C) + CUT + next),
        ...BEHIND.map((next) => get(H2C) + get('') + CUT + next),
        get(UPGRADE).replace('1.1\r\n', '1.0\r\nConnection: keep-alive\r\n') + get(''),
      ],
      '200,200 closed: read a; read a': [
        ...BEHIND.map((next) => get('') + get(H2C) + next),
        ...BEHIND.map((next) => get('') + CUT + get(H2C) + CUT + next),
      ],
      '200 closed: update a {}': [
        `${UPGRADING}Content-Length: 2\r\n\r\n{}`,
        `${UPGRADING}Content-Length: 2\r\n\r\n${CUT}{}${CUT}${get('')}`,
        `${UPGRADING}Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n`,
        `${UPGRADING}Transfer-Encoding: chunked\r\n\r\n2\r\n{}${CUT}\r\n0\r\n\r\n${get('')}`,
        ...BEHIND.map((next) => `${UPGRADING}Content-Length: 2\r\n\r\n{}${next}`),
        ...BEHIND.map((next) => `${UPGRADING}Content-Length: 2\r\n\r\n{}${CUT}${next}`),
      ],
      '200,200 closed: read a; update a {}': [
        `${get('')}${UPGRADING}Content-Length: 2\r\n\r\n{}${get('')}`,
        `${get('') + CUT + UPGRADING}Content-Length: 2\r\n\r\n{}${CUT}${get('')}`,
      ],
      // In a trailer it is no wish.
      '200 open: update a {}': [
        `PUT /v1/m000/a HTTP/1.1\r\n${HOST}Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n${UPGRADE}\r\n`,
      ],
      '400 closed': [
        'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n',
        `PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\x00\x00\x00\x04\x00\x00\x00\x00\x00${get('')}`,
        get(`${UPGRADE}Content-Length: 2\r\nTransfer-Encoding: chunked\r\n`),
        '\x16\x03\x01\x00\xa5\x01\x00\x00\xa1\x03\x03',
        `PROXY TCP4 192.0.2.1 192.0.2.2 1 2\r\n${get('')}`,
        '\r\n\r\n\x00\r\nQUIT\n\x21\x11\x00\x0c',
      ],
      'nothing closed': [`CONNECT x:443 HTTP/1.1\r\n${HOST}\r\n${get('')}`],
      '100,200 open: read a': [get('Expect: 100-continue\r\n')],
      '417 open': [get('Expect: 200-ok\r\n')],
      '417 closed': BEHIND.map((next) => get(`${H2C}Expect: 200-ok\r\n`) + CUT + next),
      '100,200 open: update a {}': [
        `PUT /v1/m000/a HTTP/1.1\r\n${HOST}Expect: 100-continue\r\nContent-Length: 2\r\n\r\n{}`,
        `PUT /v1/m000/a HTTP/1.1\r\n${HOST}Expect: 100-Continue\r\nContent-Length: 2\r\n\r\n{}`,
      ],
    },
  },
]
