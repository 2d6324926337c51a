# SPDX-License-Identifier: Apache-2.0
# Made by packaging/write: change the commands' --help, then run that.
# shellcheck shell=bash
_hardened() {
  local command=${COMP_WORDS[1]} word=${COMP_WORDS[COMP_CWORD]} last=${COMP_WORDS[COMP_CWORD - 1]} words= files=
  # `--format=x` is three words here.
  if [[ $last == = ]]; then last=${COMP_WORDS[COMP_CWORD - 2]}; fi
  if [[ $word == = ]]; then word=; fi
  if ((COMP_CWORD == 1)); then command=; fi
  case $command in
    policy) if ((COMP_CWORD > 2)); then command+=" ${COMP_WORDS[2]}"; fi ;;
  esac
  case $command in
    '') words='dry-run policy doctor version help' ;;
    'dry-run')
      words='--help --bundle --config --process --resources --profile --policy --host-facts --format'
      case $last in
        --bundle) words= files=1 ;;
        --config) words= files=1 ;;
        --process) words= files=1 ;;
        --resources) words= files=1 ;;
        --profile) words='build pod standard strict' ;;
        --policy) words= files=1 ;;
        --host-facts) words= files=1 ;;
        --format) words='config diff patch table json' ;;
      esac
      ;;
    'policy')
      words='show check schema --help'
      ;;
    'policy show')
      words='--help --profile --policy'
      case $last in
        --profile) words='build pod standard strict' ;;
        --policy) words= files=1 ;;
      esac
      ;;
    'policy check')
      words='--help'
      files=1
      ;;
    'policy schema')
      words='--help'
      ;;
    'doctor')
      words='--help --facts'
      ;;
    'version')
      words='--help'
      ;;
    'help')
      words='dry-run policy doctor version'
      ;;
  esac
  mapfile -t COMPREPLY < <(compgen -W "$words" -- "$word")
  if [[ $files ]]; then compopt -o default; fi
}
complete -F _hardened hardened
