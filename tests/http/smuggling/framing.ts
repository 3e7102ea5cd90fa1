import type { Family } from './family.ts'

/** Where a body ends: `Content-Length`, `Transfer-Encoding`, both, and chunks (RFC 9112 sections 6 and 7). */

const HOST = 'Host: x\r\n'
const put = (headers: string, body: string): string =>
  `PUT /v1/m000/a HTTP/1.1\r\n${HOST}${headers}\r\n${body}`
const CHUNKED = 'Transfer-Encoding: chunked\r\n'
const IN_CHUNKS = '2\r\n{}\r\n0\r\n\r\n'

export const FRAMING: readonly Family[] = [
  {
    what: 'the value of Content-Length',
    make: (value) => [put(`Content-Length:${value}\r\n`, '{}')],
    cases: {
      '200 open: update a {}': [' 2', '2', ' 2 ', '\t2\t', ' 02', ' 0000000000000002'],
      '400 closed': [
        ...[' +2', ' -2', ' 2.0', ' 2e0', ' 0x2', ' 2,2', ' 2, 2', ' 2;x', ' 2 2', ' "2"', " '2'"],
        ...[' abc', ' 2a', ' a2', ' \xb2', ' 2\x00', ' 2\x0b', ' \x0b2', ' 2\x7f', ' 2\r\n 0'],
        ...[' 2_0', '', ' ', ' 18446744073709551618', ' 99999999999999999999999', ' 1e400', ' 2\x85'],
        ...[' 2\xa0'],
      ],
      '413 closed': [' 9007199254740993'],
    },
  },
  {
    what: 'the name of Content-Length',
    make: (line) => [put(`${line}\r\n`, '{}')],
    cases: {
      '200 open: update a {}': ['content-length: 2', 'CONTENT-LENGTH: 2'],
      '400 closed': [
        ...['Content-Length : 2', 'Content-Length\t: 2', ' Content-Length: 2', '\tContent-Length: 2'],
        ...['Content Length: 2', 'Content-Length\x00: 2', '\x00Content-Length: 2'],
        ...['Content-Length\x0b: 2', 'Content-Length\x80: 2', 'Content-Length', 'Content-Length; 2'],
        ...['Content-Length= 2', '"Content-Length": 2', 'X: y\nContent-Length: 2'],
        ...['X: y\rContent-Length: 2', 'X: y\r\r\nContent-Length: 2', 'X: y\0\r\nContent-Length: 2'],
      ],
      '200,400 closed: update a': ['Content_Length: 2'],
    },
  },
  {
    what: 'several lengths',
    make: (lines) => [put(`${lines}\r\n`, '{}')],
    cases: {
      '400 closed': [
        'Content-Length: 2\r\nContent-Length: 2',
        'Content-Length: 2\r\nContent-Length: 3',
        'Content-Length: 0\r\nContent-Length: 2',
        'Content-Length: 2\r\ncontent-length: 02',
        'Content-Length: 2\r\nX: y\r\nContent-Length: 2',
        'Content-Length: 2\r\nContent-Length:',
        'Content-Length: 2\r\nContent-Length : 2',
      ],
    },
  },
  {
    what: 'the value of Transfer-Encoding',
    make: (value) => [put(`Transfer-Encoding:${value}\r\n`, IN_CHUNKS)],
    cases: {
      '200 open: update a {}': [' chunked', 'chunked', ' Chunked', ' CHUNKED', ' chunked ', ' chunKed'],
      '400 closed': [
        ...['\tchunked\t', ' xchunked', ' chunkedx', ' chunk', ' "chunked"', ' chunked;q=1'],
        ...[' chunked, identity', ' identity, chunked', ' identity', ' gzip, chunked', ' gzip'],
        ...[' chunked, chunked', ' ,chunked', ' chunked,', ' \x0bchunked', ' chunked\x0b'],
        ...[' chunked\x00', ' \x00chunked', ' chun\x00ked', ' chunked\r\n ', ' \r\n chunked'],
        ...[' chunked\r\n identity', '', ' ', ' cow', ' chunked\xa0'],
      ],
    },
  },
  {
    what: 'the name of Transfer-Encoding',
    make: (line) => [put(`${line}\r\n`, IN_CHUNKS)],
    cases: {
      '200 open: update a {}': ['transfer-encoding: chunked'],
      '400 closed': [
        ...['Transfer-Encoding : chunked', 'Transfer-Encoding\t: chunked'],
        ...[' Transfer-Encoding: chunked', 'Transfer-Encoding\x00: chunked'],
        ...['Transfer-Encoding\x0b: chunked', 'X: y\nTransfer-Encoding: chunked'],
        ...['X: y\rTransfer-Encoding: chunked', 'X: y\r\n\tTransfer-Encoding: chunked'],
        'Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked',
        'Transfer-Encoding: identity\r\nTransfer-Encoding: chunked',
        'Transfer-Encoding: chunked\r\nTransfer-Encoding: identity',
        'Transfer-Encoding: chunked\r\nTransfer-Encoding: x',
      ],
      '200,400 closed: update a': ['Transfer_Encoding: chunked', 'TE: chunked'],
    },
  },
  {
    what: 'a length beside chunks',
    make: (lines) => [put(`${lines}\r\n`, `${IN_CHUNKS}GET /v1/m000/smuggled HTTP/1.1\r\n${HOST}\r\n`)],
    cases: {
      '400 closed': [
        'Content-Length: 12\r\nTransfer-Encoding: chunked',
        'Transfer-Encoding: chunked\r\nContent-Length: 12',
        'Transfer-Encoding: chunked\r\nContent-Length: 0',
        'Content-Length: 60\r\nTransfer-Encoding: chunked',
        'Content-Length: 60\r\nTransfer-Encoding: xchunked',
        'Content-Length: 60\r\nTransfer-Encoding : chunked',
        'Content-Length: 60\r\nTransfer-Encoding:\tchunked',
        'Content-Length: 60\r\nTransfer-Encoding: identity',
        'Content-Length: 60\r\nTransfer-Encoding:',
        'Content-Length: 60\r\nX: y\nTransfer-Encoding: chunked',
        'Content-Length: 60\r\n Transfer-Encoding: chunked',
        'Transfer-Encoding: chunked\r\nX: y\r\nContent-Length: 4',
      ],
    },
  },
  {
    what: 'the size of a chunk',
    make: (size) => [put(CHUNKED, `${size}\r\n{}\r\n0\r\n\r\n`)],
    cases: {
      '200 open: update a {}': ['2', '02', '000000002', '2;a', '2;a=b', '2;a="b;c"', '2;=b'],
      '400 closed': [
        ...['2 ', '2\t', ' 2', '\t2', '+2', '-2', '0x2', 'x2', '2.0', '2h', 'g', '', '2 2', '2,2'],
        ...['"2"', '2 ; a', '2; a=b', '2;', '2;;', '2;a=\x00', '2;a\r', '2;a="\n"', '2\x0b', '2\x00'],
        ...['10000000000000002', '100000000000000000000000000000002'],
        `2;${'a'.repeat(20_000)}`,
      ],
      'nothing waiting': ['FFFFFFFFFFFFFFFE'],
    },
  },
  {
    what: 'what is around a chunk',
    make: (body) => [put(CHUNKED, body)],
    cases: {
      '400 closed': [
        ...['2\n{}\r\n0\r\n\r\n', '2\r{}\r\n0\r\n\r\n', '2\r\n{}\n0\r\n\r\n', '2\r\n{}0\r\n\r\n'],
        ...['2\r\n{}\r0\r\n\r\n', '2\r\n{}\r\n0\n\n', '2\r\n{}\r\n0\r\n\n', '2\r\n{}\r\n0\n\r\n'],
        ...['2\r\n{}x\r\n0\r\n\r\n', '2\r\n{} \r\n0\r\n\r\n', '2\r\n{}\r\n-0\r\n\r\n'],
        ...['2\r\n{}\r\n0\r\nContent-Length: 5\r\n\r\n'],
        ...['2\r\n{}\r\n0\r\nTransfer-Encoding: chunked\r\n\r\n', '2\r\n{}\r\n0\r\nX\r\n\r\n'],
        ...['2\r\n{}\r\n0\r\n X: y\r\n\r\n', '2\r\n{}\r\n0\r\nX: y\n\r\n'],
        ...['\r\n2\r\n{}\r\n0\r\n\r\n'],
      ],
      '200 open: update a {}': [
        ...['1\r\n{\r\n1\r\n}\r\n0\r\n\r\n', '2\r\n{}\r\n00\r\n\r\n', '2\r\n{}\r\n0;a=b\r\n\r\n'],
        ...['2\r\n{}\r\n0\r\nX: y\r\n\r\n', '2\r\n{}\r\n0\r\nX-Vault-Token: t\r\nHost: evil\r\n\r\n'],
        `2\r\n{}\r\n0\r\n${'X: y\r\n'.repeat(4000)}\r\n`,
      ],
      '200 open: update a': ['0\r\n\r\n'],
    },
  },
]
