import { FILE_RULES } from "./files";
import { JAVA_RULES } from "./java";
import { MAIL_RULES } from "./mail";
import { PHP_RULES } from "./php";
import { PROTOCOL_RULES } from "./protocol";
import { REMOTE_RULES } from "./remote";
import { type Rule } from "./rule";
import { SCRIPT_RULES } from "./script";
import { SHELL_RULES } from "./shell";
import { SQL_RULES } from "./sql";
import { WINDOWS_RULES } from "./windows";
import { XSS_RULES } from "./xss";

/** Every rule, by family. */
export const RULES: readonly Rule[] = [
  ...PROTOCOL_RULES,
  ...SQL_RULES,
  ...XSS_RULES,
  ...SHELL_RULES,
  ...WINDOWS_RULES,
  ...MAIL_RULES,
  ...FILE_RULES,
  ...REMOTE_RULES,
  ...PHP_RULES,
  ...JAVA_RULES,
  ...SCRIPT_RULES,
];
