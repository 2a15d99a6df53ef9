/** Policies as they are written and stored: everything that a decision's version is a digest of. */
export interface Bundle {
  /** Policy texts by name. */
  readonly sets: Readonly<Record<string, PolicyText>>;
  /** In Cedar's schema syntax or its JSON form. */
  readonly schema?: string;
}

export interface PolicyText {
  /** Policies and templates in Cedar's syntax. */
  readonly text: string;
  /** Policies that are made of templates. */
  readonly links?: readonly Link[];
}

export interface Link {
  /** Id of the template, of whatever set. */
  readonly template: string;
  /** Id of the policy that is made. */
  readonly id: string;
  readonly values: Readonly<
    Partial<Record<"?principal" | "?resource", { readonly type: string; readonly id: string }>>
  >;
}

export const EMPTY_BUNDLE: Bundle = { sets: {} };
