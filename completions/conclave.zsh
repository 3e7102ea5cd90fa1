#compdef conclave
# Completion of conclave for zsh 5 and newer: what "conclave completion zsh" prints.
#
# What has been typed goes through a pipe, where no list of processes shows it. "command conclave" is the
# program in PATH: the first word of the line may be another, and nothing that was only typed is to run.
_conclave() {
  local kind line tab=$'\t'
  # Whole words, and those that go on: a folder, or a flag that takes a value. What is shown of each is apart.
  local -a whole whole_shown open open_shown
  {
    IFS= read -r kind || return 1
    while IFS= read -r line; do
      if [[ ${line%%$tab*} == *[/=] ]]; then
        open+=("${line%%$tab*}")
        open_shown+=("${line/$tab/  -- }")
      else
        whole+=("${line%%$tab*}")
        whole_shown+=("${line/$tab/  -- }")
      fi
    done
  } < <(
    printf '%s\0' "${(@Q)words[1,CURRENT-1]}" "${(Q)PREFIX}" |
      command conclave __complete zsh 2>/dev/null
  )
  case $kind in
    files | folders)
      [[ $PREFIX == -*=* ]] && compset -P '*='
      if [[ $kind == files ]]; then _files; else _files -/; fi
      return
      ;;
  esac
  # The shell quotes what it is given here.
  compadd -l -d whole_shown -a -- whole
  compadd -l -d open_shown -S '' -a -- open
}
# Read from a folder of fpath, this file is the body of the function when it is first called.
if [[ $funcstack[1] == _conclave ]]; then _conclave "$@"; else compdef _conclave conclave; fi
