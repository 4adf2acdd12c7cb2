/** The package `stopword` as far as it is used here, which brings no types: lists of words by the code of their language. */
declare module "stopword" {
  type Words = ReadonlyArray<string>;
  export const ces: Words,
    dan: Words,
    deu: Words,
    ell: Words,
    fin: Words,
    fra: Words,
    hun: Words,
    ita: Words,
    nld: Words;
  export const nob: Words,
    pol: Words,
    por: Words,
    ron: Words,
    rus: Words,
    spa: Words,
    swe: Words,
    tur: Words,
    ukr: Words;
}
