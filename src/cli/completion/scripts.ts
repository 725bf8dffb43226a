export const SHELLS = ['bash', 'zsh', 'fish'] as const;
export type Shell = (typeof SHELLS)[number];

/**
 * What each shell needs to ask us. The words go to the hidden command `__complete`, which knows the commands and the
 * cluster; without an answer the shell completes file names.
 */
export const completionScripts: Readonly<Record<Shell, string>> = {
  bash: `# bash completion for kubeskippy: source <(kubeskippy completion bash)
_kubeskippy() {
  local line
  COMPREPLY=()
  while IFS= read -r line; do
    [[ -n $line ]] && COMPREPLY+=("\${line%%$'\\t'*}")
  done < <("\${COMP_WORDS[0]}" __complete -- "\${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)
}
complete -o default -F _kubeskippy kubeskippy
`,
  zsh: `#compdef kubeskippy
# zsh completion for kubeskippy: source <(kubeskippy completion zsh)
_kubeskippy() {
  local line value
  local -a values descriptions
  while IFS= read -r line; do
    [[ -z $line ]] && continue
    value="\${line%%$'\\t'*}"
    values+=("$value")
    if [[ $line == *$'\\t'* ]]; then descriptions+=("$value -- \${line#*$'\\t'}"); else descriptions+=("$value"); fi
  done < <("\${words[1]}" __complete -- "\${(@)words[2,CURRENT]}" 2>/dev/null)
  if (( \${#values} )); then compadd -l -d descriptions -a values; else _files; fi
}
compdef _kubeskippy kubeskippy
`,
  fish: `# fish completion for kubeskippy: kubeskippy completion fish | source
function __kubeskippy_complete
  set -l words (commandline -opc) (commandline -ct)
  set -l answers ($words[1] __complete -- $words[2..-1] 2>/dev/null)
  if set -q answers[1]
    printf '%s\\n' $answers
  else
    __fish_complete_path (commandline -ct)
  end
end
complete -c kubeskippy -f -a '(__kubeskippy_complete)'
`,
};
