/* What a text may be, and which parameters it needs, worked out from the Portuguese texts.
   A text is a string with {names}, or its plural forms, chosen by {n}. */

export type Plural = { one: string; other: string };
export type Message = string | Plural;

/** The same keys as the base area, each of the same kind: a missing or surplus key is a type error. */
export type Translation<Base> = { [K in keyof Base]: Base[K] extends string ? string : Plural };

type Names<S> = S extends `${string}{${infer P}}${infer Rest}` ? P | Names<Rest> : never;
type ParamNames<M> = M extends string
  ? Names<M>
  : M extends { one: infer O; other: infer T }
    ? 'n' | Names<O> | Names<T>
    : never;

/** Arguments of t() after the key: none, or an object with a value for each {name}; {n} of a plural is a number. */
export type ParamsOf<M> = [ParamNames<M>] extends [never]
  ? []
  : [params: { [N in ParamNames<M>]: N extends 'n' ? number : string | number }];
