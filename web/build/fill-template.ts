/** Puts the parts of a page in the place of their names, such as `{{title}}`. */
export const fillTemplate = (template: string, parts: Readonly<Record<string, string>>): string =>
  template.replaceAll(/\{\{(\w+)\}\}/g, (_, name) => parts[name] ?? '')
