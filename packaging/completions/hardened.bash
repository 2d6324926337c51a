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
    '') words='dry-run verify policy explain log doctor configure unconfigure version help' ;;
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
    'verify')
      words='--help --pid --all --root --format --profile'
      case $last in
        --pid) words= files=1 ;;
        --root) words= files=1 ;;
        --format) words='text json html' ;;
        --profile) words='build pod standard strict' ;;
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
    'explain')
      words='--help --last --bundle --config --profile --policy --file --format'
      case $last in
        --last) words= files=1 ;;
        --bundle) words= files=1 ;;
        --config) words= files=1 ;;
        --profile) words='build pod standard strict' ;;
        --policy) words= files=1 ;;
        --file) words= files=1 ;;
        --format) words='text json' ;;
      esac
      ;;
    'log')
      words='--help --follow --summary --last --since --container --operation --outcome --engine --profile --rule --file --format'
      case $last in
        -n|--last) words= files=1 ;;
        --since) words= files=1 ;;
        --container) words= files=1 ;;
        --operation) words='create run restore exec update' ;;
        --outcome) words='passed refused failed' ;;
        --engine) words='docker containerd cri podman cri-o buildkit' ;;
        --profile) words='build pod standard strict' ;;
        --rule) words= files=1 ;;
        --file) words= files=1 ;;
        --format) words='table json' ;;
      esac
      ;;
    'doctor')
      words='--help --format --docker-config --docker-socket --facts'
      case $last in
        --format) words='text json' ;;
        --docker-config) words= files=1 ;;
        --docker-socket) words= files=1 ;;
      esac
      ;;
    'configure')
      words='docker containerd crio podman --help --dry-run --reload --file --host --pid-file --default'
      case $last in
        --file) words= files=1 ;;
        --host) words= files=1 ;;
        --pid-file) words= files=1 ;;
      esac
      ;;
    'unconfigure')
      words='docker containerd crio podman --help --dry-run --reload --file --host --pid-file --check --force'
      case $last in
        --file) words= files=1 ;;
        --host) words= files=1 ;;
        --pid-file) words= files=1 ;;
      esac
      ;;
    'version')
      words='--help'
      ;;
    'help')
      words='dry-run verify policy explain log doctor configure unconfigure version'
      ;;
  esac
  mapfile -t COMPREPLY < <(compgen -W "$words" -- "$word")
  if [[ $files ]]; then compopt -o default; fi
}
complete -F _hardened hardened
