import type { Route } from '../logical/backend.ts'
import type { Field } from '../logical/field-table.ts'
import type { Operation } from '../logical/request.ts'

const DONE_BY: Readonly<Record<Operation, string>> = {
  read: 'GET',
  list: 'LIST, or GET with ?list=true',
  scan: 'SCAN, or GET with ?scan=true',
  create: 'POST or PUT, where nothing is there',
  update: 'POST or PUT',
  patch: 'PATCH',
  delete: 'DELETE',
  help: 'HELP',
}

/** What people read who ask a path for help (surface.md section 1.4): made of the route's own row. */
export function helpText(path: string, route: Route): string {
  const { pattern, summary, fields, access } = route
  const operations = (Object.keys(DONE_BY) as Operation[]).filter((one) => route.handlers[one] !== undefined)
  return [
    `Request:        ${path}`,
    `Matching Route: ${pattern === '' ? '(the mount itself)' : pattern}`,
    '',
    summary,
    ...(access === 'sudo' ? ['', 'The capability "sudo" is needed besides.'] : []),
    ...(access === 'public' ? ['', 'No token is needed.'] : []),
    '',
    '## OPERATIONS',
    '',
    ...operations.map((operation) => `    ${operation} (${DONE_BY[operation]})`),
    ...fieldLines(fields),
    '',
  ].join('\n')
}

function fieldLines(fields: Route['fields']): readonly string[] {
  if (fields === undefined) return ['', 'Any members are taken, and kept as they are.']
  const lines = Object.entries(fields).flatMap(([name, field]) => [
    `    ${name} (${[field.type, ...remarksOn(field)].join(', ')})`,
    `        ${field.description}`,
  ])
  return lines.length === 0 ? [] : ['', '## PARAMETERS', '', ...lines]
}

function remarksOn(field: Field): readonly string[] {
  return [
    ...(field.in === 'query' ? ['in the query'] : []),
    ...(field.deprecated === true ? ['of before'] : []),
  ]
}
