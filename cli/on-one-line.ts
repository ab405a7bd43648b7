/** Without what a terminal would act upon: a manifest is somebody else's text, and breaks no line and colours none. */
export const onOneLine = (text: string): string => text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, ' ')
