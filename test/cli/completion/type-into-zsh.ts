/** Types each line and a Tab into a zsh on a terminal of its own, and prints what the line is then. */
export const typeIntoZsh = `
zmodload zsh/zpty
zpty z "TERM=dumb zsh -f -i"
zpty -w z "PS1=; unsetopt zle; autoload -U compinit; compinit -D -u; source \${(q)1}; show() { print -r -- \\"<\\$BUFFER>\\"; BUFFER= }; zle -N show; bindkey '^X' show; setopt zle; print READ''Y"
zpty -r z line '*READY*'
shift
for line; do
  zpty -w -n z "$line"$'\\t\\x18'
  zpty -r z shown '*<*>*'
  print -r -- "$shown"
done
`
