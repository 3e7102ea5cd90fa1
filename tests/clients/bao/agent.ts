/** The daemon that logs in, keeps a token alive and writes secrets into files. */
import { readFileSync, writeFileSync } from 'node:fs'
import { check, same } from '../report.ts'
import type { Bao } from './bao.ts'

/** Logs in with a token that stands in a file, renders one secret, and ends. */
export async function agent(bao: Bao): Promise<void> {
  await check('agent', 'logs in, writes its token and renders a secret', () => {
    bao.text('kv', 'put', 'kv2/app/db', 'password=from the agent')
    const { client_token } = bao.json('token create', '-policy=reader', '-ttl=1h').auth
    writeFileSync(bao.path('agent-token'), client_token, { mode: 0o600 })
    writeFileSync(bao.path('agent.hcl'), configOf(bao))
    bao.text('agent', `-config=${bao.path('agent.hcl')}`, '-exit-after-auth', '-log-level=error')
    same(readFileSync(bao.path('rendered'), 'utf8'), 'password = from the agent\n')
    same(readFileSync(bao.path('sink'), 'utf8'), client_token)
  })
}

function configOf(bao: Bao): string {
  return `auto_auth {
  method {
    type = "token_file"
    config = { token_file_path = "${bao.path('agent-token')}" }
  }
  sink "file" {
    config = { path = "${bao.path('sink')}" }
  }
}
template {
  contents    = "password = {{ with secret \\"kv2/data/app/db\\" }}{{ .Data.data.password }}{{ end }}\\n"
  destination = "${bao.path('rendered')}"
}
`
}
