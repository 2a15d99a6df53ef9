import { bounded, type TextRule } from "./rule";
import { isFree } from "./where";

const MAIL_LINE = bounded(
  "[\\r\\n](?:mail from:|rcpt to:|ehlo |helo |expn |vrfy |[a-z]{1,4}\\d{1,4} (?:append |authenticate |capability|copy |create |delete |examine |expunge|fetch |list |login |logout|lsub |noop|rename |search |select |starttls|status |store |subscribe |uid |unsubscribe |close|check)|(?:retr|dele|top|uidl|list) \\d|apop |auth \\w|user \\w{1,40}[\\r\\n]|pass \\w{1,40}[\\r\\n])",
);

const MAIL_COMMAND = bounded("[\\r\\n][a-z]:\\s");
const MAIL_COMMAND_WORD = bounded(
  "[\\r\\n](?:[a-z]{0,3}\\d{0,4}\\s)?(?:data|quit|help|noop|rset|starttls|stat|capa|lang|expunge|logout|close|check|turn|saml|send|soml)(?:\\s{0,4}$|[\\r\\n]|\\s\\w{1,30}$)",
);

export const MAIL_RULES: readonly TextRule[] = [
  {
    id: "mail-command",
    what: "a command of a mail protocol on a line of its own",
    test: (text) => isFree(text) && text.has("\n\r") && MAIL_LINE.test(text.lower) && !MAIL_COMMAND.test(text.lower),
  },
  {
    id: "mail-command-word",
    what: "a word of a mail protocol on a line of its own",
    test: (text) => isFree(text) && text.has("\n\r") && MAIL_COMMAND_WORD.test(text.lower),
  },
];
