import { type Text } from "../lex/text";
import { bounded, type TextRule } from "./rule";

/** Also such headers as have a grammar: parsers of Content-Type and loggers of anything were attacked. */
function anywhere(text: Text): boolean {
  return text.field.kind !== "file" || text.raw.length < 4_096;
}

const LOOKUPS_RESOLVED = bounded(
  "\\$\\{[^${}:]{0,40}(?::[^${}:]{0,40}){0,4}:-([^${}]{0,60})\\}|\\$\\{(?:lower|upper|date):'?([^${}']{1,60})'?\\}",
  "g",
);

/** Nested look-ups such as `${lower:j}`, `${::-j}`, `${env:X:-j}` as log4j resolves them, inside out. */
export function lookupsResolved(text: string): string {
  let out = text;
  for (let round = 0; round < 8; round++) {
    const before = out;
    out = out.replace(LOOKUPS_RESOLVED, (all: string, byDefault?: string, cased?: string) => byDefault ?? cased ?? all);
    if (out === before) break;
  }
  return out;
}

const CLASSES = bounded(
  "(?:^|[^a-z0-9_.])(?:java\\.(?:lang\\.(?:runtime|process|processbuilder|class|classloader|system|thread|reflect|invoke|management|math|number|object|string|integer|exception)|io\\.|nio\\.|net\\.|util\\.|beans\\.|rmi\\.|security\\.|sql\\.|awt\\.)|javax\\.(?:script|naming|management|el|swing|xml|imageio|activation|servlet)|javassist|javafx\\.|com\\.(?:opensymphony|sun\\.(?:rowset|org|syndication|jndi)|mchange|ibatis|caucho|rometools|alibaba\\.fastjson|fasterxml|tangosol|bea\\.|zaxxer|newrelic|p6spy)|org\\.(?:apache\\.(?:struts|commons|xalan|xbean|tomcat|catalina|click|wicket|myfaces|logging|log4j|velocity|ibatis|shiro|axis|cocoon|naming|geronimo|openjpa|xml)|springframework|hibernate|codehaus\\.groovy|jboss|omg\\.corba|python\\.(?:core|util)|mozilla\\.javascript|yaml\\.snakeyaml|beanshell|bsh\\.|clojure|reflections|mortbay|jython|eclipse\\.jetty)|clojure\\.(?:lang|main|core)|groovy\\.(?:lang|util)|freemarker\\.template|bsh\\.interpreter|ognl\\.|sun\\.(?:misc|reflect|rmi|swing|net)|jdk\\.(?:internal|nashorn|jshell)|metasploit|ysoserial|net\\.(?:sf\\.|bytebuddy)|oracle\\.(?:jdbc|sql)|weblogic\\.)",
);

const RUNS = bounded(
  "(?:getruntime|\\.exec\\(|processbuilder|runtime|forname\\(|getmethod\\(|getdeclaredmethod|classloader|defineclass|loadclass\\(|newinstance\\(|scriptengine|invoke\\()",
);

const JAVA_LOOKUP = bounded(
  "\\$\\{\\s{0,4}(?:jndi|dns|sys|env|java|ctx|docker|k8s|kubernetes|script|url|lower|upper|base64|main|marker|bundle|spring|file|const|properties|xml|resourcebundle|urldecoder):|\\$\\{::|\\}\\s?\\{?jndi:|\\{jndi|\\$\\{[^}]{0,60}\\$\\{|\\$\\{[^{}]{0,40}:-",
);
const JAVA_CLASS = bounded("\\bat [\\w.$]{5,100}\\([\\w.]{1,60}:\\d{1,5}\\)");
const JAVA_EXPRESSION = bounded(
  "(?:[#$%*]\\{.{0,200}(?:t\\(|getclass|forname|runtime|processbuilder|exec\\(|@[a-z.]{5,60}@|\\(#|#_memberaccess|#context|#application|#request|\\.class|session|classloader)|@[a-z][a-z0-9.]{4,80}@[a-z]|#_?memberaccess|_memberaccess|#context\\[|#attr\\[|xwork\\.methodaccessor|allowstaticmethodaccess|denymethodexecution|#ognlutil|@ognl|\\bt\\(java|\\.getclass\\(\\)\\.|\\.class\\.forname\\(|class\\.forname|getclass\\(\\)\\.forname|redirect(?:action)?:\\$?%?[{]|\\$\\{#|%\\{\\(#|%\\{#|\\(#\\w{1,30}=)",
);
const JAVA_BEAN_PATH = bounded(
  "(?:^|[^a-z0-9])class(?:\\.module)?(?:\\.|\\[['\"]?)(?:classloader|protectiondomain|module)|classloader\\.(?:resources|defaultassertionstatus|urls|parent)",
);
const JAVA_RUN = bounded(
  "(?:(?:runtime|processbuilder)[\\s\\S]{0,400}(?:unmarshaller|base64data|java\\.)|(?:unmarshaller|base64data|java\\.)[\\s\\S]{0,400}(?:runtime|processbuilder)|runtime(?:\\.getruntime)?\\(?\\)?\\.exec|processbuilder\\s{0,4}[.(]|getruntime\\s{0,4}\\(|\\bnew\\s{1,4}processbuilder|(?:runtime|processbuilder)[\\s\\S]{0,200}(?:clonetransformer|forclosure|instantiatefactory|instantiatetransformer|invokertransformer|prototypeclonefactory|prototypeserializationfactory|whileclosure|getproperty|filewriter|xmldecoder|unmarshaller|beans)|(?:clonetransformer|forclosure|instantiatefactory|instantiatetransformer|invokertransformer|prototypeclonefactory|prototypeserializationfactory|whileclosure|getproperty|filewriter|xmldecoder|unmarshaller)[\\s\\S]{0,400}(?:runtime|processbuilder)|java[^a-z][\\s\\S]{0,60}(?:process|runtime)[\\s\\S]{0,40}(?:spawn|exec|start))",
);
const JAVA_SERIALISED = bounded("\\xac\\xed\\x00?\\x05|\\xac\\xed\\x00\\x05");
const JAVA_SERIALISED_2 = bounded("(?:^|[^a-zA-Z0-9+/])(?:rO0AB[QX]|KztAAU|Cs7QAF|AAEAAAD/////|rO0ABX)");
const JAVA_SERIALISED_3 = bounded("(?:^|[^0-9a-f])aced0005(?:7[0-9a-f]|$)");
const JAVA_CLASS_ANY = bounded(
  "(?:^|[^a-z0-9_.])(?:java|javax|sun|com\\.sun|org\\.apache|org\\.springframework|jdk)\\.[a-z]{1,30}\\.[a-z]",
);
const JAVA_CLASS_ANY_2 = bounded("\\bjava\\b[\\s\\S]{1,200}(?:runtime|processbuilder)");

export const JAVA_RULES: readonly TextRule[] = [
  {
    id: "java-lookup",
    what: "a look-up that a logger would resolve over the network",
    test: (text) => text.has("$") && text.has("{") && JAVA_LOOKUP.test(lookupsResolved(text.lower) + "\n" + text.lower),
  },
  {
    id: "java-class",
    what: "a class of Java in which attacks find their tools",
    test: (text) =>
      anywhere(text) &&
      text.has(".") &&
      CLASSES.test(text.lower) &&
      (RUNS.test(text.compact) || !JAVA_CLASS.test(text.lower)),
  },
  {
    id: "java-expression",
    what: "an expression language calls Java",
    test: (text) => anywhere(text) && text.has("(@{#") && JAVA_EXPRESSION.test(text.compact),
  },
  {
    id: "java-bean-path",
    what: "a parameter that reaches the class loader through a bean",
    test: (text) =>
      (text.field.isName ||
        text.field.kind === "body" ||
        text.field.kind === "form" ||
        text.field.kind === "query" ||
        text.field.kind === "json" ||
        text.field.kind === "xml" ||
        text.field.kind === "cookie" ||
        text.field.kind === "header") &&
      text.has(".[") &&
      JAVA_BEAN_PATH.test(text.lower),
  },
  {
    id: "java-run",
    what: "Java is told to run a process",
    test: (text) => anywhere(text) && JAVA_RUN.test(text.lower),
  },
  {
    id: "java-serialised",
    what: "a serialised object of Java or .NET",
    test: (text) =>
      anywhere(text) &&
      (JAVA_SERIALISED.test(text.raw) || JAVA_SERIALISED_2.test(text.raw) || JAVA_SERIALISED_3.test(text.lower)),
  },
  {
    id: "java-gadget-encoded",
    what: "base64 of a name that attacks on Java use",
    test: (text) => anywhere(text) && text.raw.length >= 8 && encodedGadget(text.raw),
  },
  {
    id: "java-class-any",
    what: "a dotted name of Java's libraries",
    level: "high",
    test: (text) =>
      anywhere(text) && text.has(".") && (JAVA_CLASS_ANY.test(text.lower) || JAVA_CLASS_ANY_2.test(text.lower)),
  },
];

/** Names whose first and last letter may be lost where a piece of base64 was cut out. */
const ENCODED = bounded(
  "untim|rocessbuilde|etruntim|lonetransforme|nstantiatetransforme|nstantiatefactor|nvokertransforme|onstanttransforme|hainedtransforme|orclosur|rototypeclonefactor|rototypeserializationfactor|hileclosur|emplatesimp|dbcrowsetimp|nicastremoteobjec|nnotationinvocationhandle|adattributevalu|bjectinputstrea|ava\\.lan|criptengin|lassloade|ommons\\.collection|mldecode|nmarshalle|etpropert|ilewrite",
);

const ENCODED_GADGET = bounded("[A-Za-z0-9+/_-]{8,2000}={0,2}", "g");

/** Words in base64 wherever the piece began: the run is decoded at each of the four alignments. */
function encodedGadget(text: string): boolean {
  let count = 0;
  for (const match of text.matchAll(ENCODED_GADGET)) {
    if (++count > 20) return false;
    const run = match[0].replace(/=+$/, "");
    if (!/[A-Z]/.test(run) || !/[a-z]/.test(run)) continue;
    for (let shift = 0; shift < 4; shift++) {
      const decoded = Buffer.from("A".repeat(shift) + run, "base64")
        .toString("latin1")
        .toLowerCase();
      if (ENCODED.test(decoded)) return true;
    }
  }
  return false;
}
