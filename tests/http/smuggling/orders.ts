import type { Family } from './family.ts'

/** Several requests on a connection, cut and joined in all ways, LIST among them. */

const HOST = 'Host: x\r\n'
const get = (path: string, headers = ''): string => `GET /v1/m000/${path} HTTP/1.1\r\n${HOST}${headers}\r\n`
const list = (headers = '', body = ''): string => `LIST /v1/m000/l HTTP/1.1\r\n${HOST}${headers}\r\n${body}`
const put = (body: string, headers = ''): string =>
  `PUT /v1/m000/a HTTP/1.1\r\n${HOST}Content-Length: ${body.length}\r\n${headers}\r\n${body}`
/** Marks where one packet ends and the next begins. */
const CUT = '|'
const packets = (text: string): readonly string[] => text.split(CUT)
const whole = `LIST /v1/m000/l HTTP/1.1\r\n${HOST}\r\n`

export const ORDERS: readonly Family[] = [
  {
    what: 'pipelined',
    make: packets,
    cases: {
      '200,200 open: read a; read b': [
        get('a') + get('b'),
        get('a').replace('1.1\r\n', '1.0\r\nConnection: keep-alive\r\n') + get('b'),
        `${get('a')}\r\n\r\n${get('b')}`,
        `${get('a', 'Content-Length: 5\r\n')}hello${get('b')}`,
        `${get('a', 'Transfer-Encoding: chunked\r\n')}5\r\nhello\r\n0\r\n\r\n${get('b')}`,
      ],
      '200,200,200 open: update a {}; read b; update a {a}': [put('{}') + get('b') + put('{"a":1}')],
      '200 closed: read a': [
        get('a', 'Connection: close\r\n') + get('b'),
        get('a').replace('1.1', '1.0') + get('b'),
      ],
      '200,400 closed: read a': [
        `${get('a')}X`,
        `${get('a')} ${get('b')}`,
        get('a', 'Content-Length: 5\r\n') + get('b'),
        get('a') + put('{}').replace('Content-Length: 2', 'Content-Length: 2, 2') + get('b'),
        get('a') + get('b', 'Transfer-Encoding: x\r\n') + get('c'),
      ],
      '200,200 open: delete a; read b': [
        `DELETE /v1/m000/a HTTP/1.1\r\n${HOST}Content-Length: 2\r\n\r\n{}${get('b')}`,
      ],
      '405 closed': [`HEAD /v1/m000/a HTTP/1.1\r\n${HOST}Content-Length: 2\r\n\r\n{}${get('b')}`],
      '200,200 open: update a {}; read b': [
        `${put('{}')}\r\n${get('b')}`,
        `${put('{').replace('Length: 1', 'Length: 2') + CUT}}${CUT}${get('b')}`,
        put('{}', 'X-Pad: y\r\n').replace('PUT', 'POST') + get('b'),
        put('{}', 'Connection: keep-alive\r\n').replace('1.1', '1.0') + get('b'),
      ],
      '200,400 closed: update a {}': [`${put('{}')}{}${get('b')}`],
      '400,200 open: read b': [put(get('smuggled')) + get('b'), put('not json') + get('b')],
      '200 closed: update a {}': [
        put('{}', 'Connection: close\r\n') + put('{"a":1}'),
        put('{}').replace('1.1', '1.0') + get('b'),
      ],
      '200 open: read a': [
        get('a').slice(0, 3) + CUT + get('a').slice(3),
        `${get('a').slice(0, -1) + CUT}\n`,
        `${get('a').slice(0, -2) + CUT}\r${CUT}\n`,
      ],
      '200,200 open: update a; read b': [put('') + get('b')],
      '400 closed': [
        put('{}').replace('/v1/m000/a', '/v1/m000/a/') + get('b'),
        put('2\r\n{}\r\n0\r\n\r\n')
          .replace('1.1', '1.0')
          .replace('Content-Length: 12', 'Transfer-Encoding: chunked'),
        put('2\r\n{}\r\n0\r\n\r\n').replace('Content-Length: 12', 'Transfer-Encoding: gzip, chunked') +
          get('b'),
        get('a').replace(' HTTP/1.1', '') + get('b'),
      ],
      '415 closed': [put('{}', 'Content-Encoding: gzip\r\n') + get('b')],
    },
  },
  {
    what: 'LIST',
    make: packets,
    cases: {
      '200 open: list l/': [
        list(),
        list(`X: ${'y'.repeat(15_000)}\r\n`),
        list('X-Vault-Token: t\r\nAccept-Encoding: gzip\r\nConnection: keep-alive\r\n'),
        list().replace('LIST ', 'LIST  '),
        list().replace('/v1/m000/l', '/v1/m000/l?list=true'),
      ],
      '405 closed': [list().replace('LIST', 'LISt'), list().replace('LIST', 'LISTEN')],
      '400 closed': [
        list() + get('a'),
        list('Content-Length: 2\r\n', '{}'),
        `${list('Content-Length: 2\r\n') + CUT}{}`,
        list('Transfer-Encoding: chunked\r\n', '0\r\n\r\n'),
        `${list('Transfer-Encoding: chunked\r\n') + CUT}0\r\n\r\n${get('a')}`,
        `${list('Content-Length: 2\r\nTransfer-Encoding: chunked\r\n') + CUT}0\r\n\r\n`,
        list('Content-Length: +0\r\n'),
        list('Content-Length: 0\r\nContent-Length: 0\r\n'),
        list('Host: y\r\n'),
        list().replace(HOST, ''),
        list().replace('LIST ', 'LIST\t'),
        list().replace('/v1/', 'http://x/v1/'),
        list().replace('/v1/m000/l', '*'),
        list().replace('/v1/m000/l', '/v1/m000/../l'),
        list().replaceAll('\r\n', '\n'),
        list('X: y\n'),
        list('X: y\r\n z\r\n'),
        list('X : y\r\n'),
        list('X: y\r\n'.repeat(128)),
        `\r\n${list()}`,
        `${list()}\r\n`,
        `X${CUT}${list()}`,
        `PUT /v1/m000/a HTTP/1.1\r\n${HOST}Transfer-Encoding: chunked\r\n\r\n${CUT}${list()}`,
        `GET /v1/m000/a HTTP/1.1\r\n${HOST}${CUT}${list()}`,
        `GET /v1/m000/a HTTP/1.1\r\n${HOST}X: ${CUT}${list()}`,
      ],
      '200,400 closed: read a': [get('a') + list(), `${get('a')}${CUT}${list()}${get('b')}`],
      '200,200,200,200 open: list l/; read a; list l/; list l/': [
        list() + CUT + get('a') + CUT + list() + CUT + list(),
      ],
      '200 closed: list l/': [
        list('Connection: close\r\n') + CUT + get('a'),
        list().replace('1.1', '1.0'),
        list('Connection: Upgrade\r\nUpgrade: h2c\r\n'),
        list('Connection: Upgrade\r\nUpgrade: h2c\r\n') + CUT + list(),
      ],
      '200,200 open: list l/; read a': [list('Content-Length: 0\r\n') + CUT + get('a')],
      '100,200 open: list l/': [list('Expect: 100-continue\r\n')],
      '405 open': [list().replace('LIST', 'SEARCH'), `LI${CUT}NK /v1/m000/l HTTP/1.1\r\n${HOST}\r\n`],
      '400 open': [
        `PUT /v1/m000/a HTTP/1.1\r\n${HOST}Content-Length: ${list().length}\r\n\r\n${CUT}${list()}`,
      ],
      '400,400 closed': [`PUT /v1/m000/a HTTP/1.1\r\n${HOST}Content-Length: 4\r\n\r\n${CUT}${list()}`],
    },
  },
  {
    what: 'LIST in two packets, cut behind byte',
    make: (cut) => [whole.slice(0, Number(cut)), whole.slice(Number(cut))],
    cases: { '400 closed': Array.from({ length: whole.length - 1 }, (_, index) => String(index + 1)) },
  },
]
