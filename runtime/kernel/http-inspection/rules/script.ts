import { aliases, nesting } from "./graphql";
import { bounded, type TextRule } from "./rule";
import { isFree, isParameter, isProse } from "./where";

const NODE_CODE = bounded(
  "(?:_\\$\\$nd_func\\$\\$_|require(?:\\.main)?(?:\\(['\"`]?(?:child_process|fs|net|os|vm|http|https|dns|cluster|process|module|path|worker_threads|node:)|\\.resolve|\\.cache|\\.main)|(?:^|[^a-z0-9_.])process(?:\\.(?:env|binding\\(|mainmodule|exit\\(|kill\\(|argv|dlopen|cwd\\(|platform|version)|\\[)|child_process|\\.constructor\\._load|global(?:this)?\\.(?:process|require|constructor)|constructor\\.constructor\\(|(?:^|[^a-z0-9_])(?:this|global)\\.constructor|module\\.(?:_load|constructor|exports=)|(?:spawn|exec|execfile|fork)(?:sync)?\\(['\"`][^'\"`]{1,100}['\"`](?:,|\\))|new?function\\(\\)?\\{?return|=require[;,)]|fs\\.(?:read|write|readdir|unlink|append)\\w{0,12}\\(|import\\(['\"](?:child_process|fs|node:)|module\\.exports|buffer\\.from\\(|string\\.fromcharcode\\(|require[(\\[]['\"`a-z]|newfunction\\(|this\\[['\"]|\\[['\"]constructor['\"]\\]|process\\.on\\(|function\\(['\"`]return|\\(function\\w{0,20}\\([^)]{0,40}\\)\\{|\\([^()]{0,40}\\)=>\\{?.{0,200}\\)\\(|process\\[['\"`]|mainmodule|require\\?\\.|(?:spawn|exec|execfile|fork)(?:file)?sync\\(|function\\w{0,20}\\([^)]{0,40}\\)\\{[^}]{0,120}\\}\\)?\\(|arguments\\.callee|globalthis\\[|setinterval\\(|eval\\([a-z0-9'\"`(])",
);
const NODE_PROTOTYPE = bounded(
  "__proto__|constructor\\s{0,4}(?:\\.|\\[['\"]?|\\]\\[)\\s{0,4}prototype|__definegetter__|__definesetter__|__lookupgetter__",
);
const NODE_ENDLESS = bounded(
  '(?:^|[^a-z0-9_])(?:while\\((?:!{0,4}(?:true|infinity|[-+]?(?:[1-9]\\d{0,10}|infinity)|this|string|object|array|document|window|\\(true\\)|"[^"]{1,20}"|\'[^\']{1,20}\'|\\[\\]|\\{\\})|!{1,3}(?:false|[-+~]?0|""|\'\'|``|null|undefined|nan|\\[\\]))\\)|for\\(;{2}\\)|while\\((?:\\d{1,9}[=<>!]{1,3}\\d{1,9}|"\\w{1,20}"|\\(\\)=>|new|function))',
);
const NODE_ENDLESS_2 = bounded("while\\(!(?:true|1|infinity)\\)");
const OBJECT_DESERIALISED = bounded(
  '!ruby/(?:object|hash|struct)|!!python/|!!javax?\\.|!!com\\.|c__builtin__|\\bcos\\nsystem|cposix\\n|constructor:constructor|\\$\\d{1,3}:__proto__|resolved_model|_\\$\\$nd_func|"\\$type"\\s{0,4}:\\s{0,4}"system\\.|"@type"\\s{0,4}:\\s{0,4}"(?:java|com|org|\\[com)|system\\.(?:windows\\.data\\.objectdataprovider|diagnostics\\.process)|json\\.dumps|_prefix"\\s{0,4}:',
);
const SCRIPT_EVAL = bounded(
  "(?:^|[^a-z0-9_$.])(?:eval|function|exec|system|popen|string\\.fromcharcode|console\\.(?:log|error|debug)|json\\.parse|object\\.(?:assign|keys|create|defineproperty)|array\\.from|reflect\\.\\w{1,20}|promise\\.\\w{1,10}|fetch|xmlhttprequest|websocket)\\(",
);
const PERL_CODE = bounded("@\\s{0,4}\\{\\s{0,4}\\[?[^}]{1,100}\\]?\\s{0,4}\\}");
const PERL_CODE_2 = bounded("@\\{[\\w./]{1,40}\\}");
const RUBY_CODE = bounded(
  "(?:process\\.(?:spawn|exec|fork|kill)|io\\.(?:popen|binread|read|readlines|sysopen|write)|kernel\\.(?:system|exec|spawn|fork|open|eval)|open3\\.|pty\\.spawn|file\\.(?:open|read|write|delete|binread)\\(|dir\\.(?:entries|glob|children|each_child)\\(|erb\\.new|marshal\\.load|yaml\\.load|instance_eval|class_eval|%x[({\\[|])",
);
const PYTHON_CODE = bounded(
  "__(?:class|mro|bases?|subclasses|globals|builtins|import|init|getattribute|reduce|dict|self|doc|module|subclasshook|code|closure)__|(?:^|[^a-z0-9_])(?:os\\.(?:system|popen|execv?p?e?|spawn\\w{1,4}|environ|listdir|unlink|remove)|subprocess\\.(?:popen|run|call|check_output|getoutput)|pty\\.spawn|importlib\\.|builtins\\.|pickle\\.loads?|cpickle\\.|commands\\.getoutput|eval\\(compile|compile\\(['\"]|exec\\(['\"(]|platform\\.popen|codecs\\.open)\\(?",
);
const TEMPLATE_EXPRESSION = bounded(
  "(?:\\{\\{|\\$\\{|#\\{|\\*\\{|@\\{|~\\{|%\\{|<%=?|\\[\\[|\\{%|\\{#|\\{php\\}|@\\(|\\[=)\\s{0,20}[-+(]?(?:[\"'\\d][\\w\"']{0,12}\\s{0,4}[-*+/%]\\s{0,4}[\"'\\d]|[^{}<>]{0,120}(?:__|constructor|\\|\\s{0,4}attr|self\\.|config\\b|settings\\.|request\\.|lipsum|cycler|joiner|namespace\\(|range\\(|dump\\(|app\\.|system\\(|exec|popen|passthru|getenv|file\\.|dir\\.|\\bid\\(|runtime|\\$smarty|product\\b|freemarker|\\?new|class\\b|\\bsettings|_self|map\\(|filter\\(|sort\\(|readfile|file_get|include\\b|\\bbase\\b))",
);
const TEMPLATE_EXPRESSION_2 = bounded(
  "<#(?:assign|if|list|include|import|function|macro|--)|#(?:set|foreach|include|parse|evaluate|macro|define)\\s{0,4}\\(|\\$\\{\\s{0,4}[\"']|\\{\\s{0,2}(?:php|literal|include|fetch|if\\s)\\b[^}]{0,60}\\}|\\{\\$smarty|<%\\s{0,4}(?:import|=|system|`|@)|\\{system\\(|\\{\\{[^}]{0,100}[(|][^}]{0,100}\\}\\}",
);
const TEMPLATE_EXPRESSION_3 = bounded("__|constructor|\\(");
const LDAP_FILTER = bounded(
  "^[^()=]{0,200}\\)\\s{0,4}(?:\\)\\s{0,4}){0,4}[!&|]?\\s{0,4}\\(\\s{0,4}(?:[&|!]|[a-z][a-z0-9.;-]{0,60}\\s{0,4}(?:=|~=|<=|>=|:[a-z0-9.:]{0,60}:=)|\\)|$)|\\*\\s{0,4}\\)\\s{0,4}(?:\\(|[|&!]|%00|$(?!\\s))|\\)\\(\\s{0,4}[&|!]\\s{0,4}\\)",
);
const LDAP_FILTER_2 = bounded("^[^()]{0,100}\\([^()]{0,100}\\)");
const LDAP_FILTER_ANY = bounded("\\([&|!]?\\(?[a-z]{1,30}[~<>]?=[^)]{1,60}\\)\\s{0,4}\\(");
const XPATH_INJECTION = bounded(
  "['\"]\\s{0,4}(?:\\]|or|and|\\|)\\s{0,4}[\\s\\S]{0,40}(?:(?:ancestor|child|descendant|following|parent|preceding|self|attribute)(?:-or-self)?::|//\\*|/\\*\\[|count\\(|string-length\\(|position\\(\\)|text\\(\\)|node\\(\\)|doc\\(|name\\(/)",
);
const XXE_ENTITY = bounded(
  "<!(?:doctype[^>]{0,200}(?:system|public|\\[)\\s{0,4}['\"%<]|entity\\s{1,10}[%\\w]|element\\s|attlist\\s|notation\\s)|<(?:\\w{1,20}:)?include\\s[^>]{0,200}(?:href|parse)\\s{0,4}=|xmlns:xi\\s{0,4}=",
);
const XXE_ENTITY_2 = bounded('<!doctype html public "-//w3c//dtd x?html');
const NOSQL_OPERATOR = bounded(
  "(?:^|[.[])\\$(?:ne|eq|gte?|lte?|n?in|not|n?or|and|exists|type|mod|regex|text|where|geo\\w{1,12}|near\\w{0,8}|all|elemmatch|size|bits\\w{2,10}|comment|meta|slice|expr|jsonschema|function|accumulator|lookup|out|merge|set|unset|inc|push|pull|rename|group|match|project|unwind|sort|limit|count)(?:$|[\\]\\[.])",
);
const NOSQL_OPERATOR_2 = bounded(
  "(?:^|[{,\\s'\"\\[(])['\"]?\\$(?:ne|gte?|lte?|n?in|regex|where|exists|elemmatch|expr|function|or|and|nor)['\"]?\\]?\\s{0,4}[:=]",
);
const NOSQL_OPERATOR_3 = bounded(
  "(?:\\|\\||&&)\\s{0,4}(?:this\\.|1\\s{0,4}={2,3}\\s{0,4}1|['\"][^'\"]{0,20}['\"]\\s{0,4}={2,3})|['\"];\\s{0,4}(?:return|while|sleep\\(|db\\.|var\\s)|db\\.\\w{1,40}\\.(?:find|insert|drop|remove|update|aggregate)\\(|db\\.getcollection|\\bthis\\.\\w{1,40}\\s{0,4}(?:={2,3}|!=|\\.match\\()",
);
const ORM_LOOKUP = bounded(
  "[a-z0-9]__[a-z0-9_]{1,120}__(?:i?exact|i?contains|i?startswith|i?endswith|i?regex|gte?|lte?|in|isnull|range|year|month|day|date|search|has_keys?|has_any_keys|contained_by|overlap|len)\\b",
);
const ORM_SECRET = bounded(
  "(?:pass(?:word|wd|phrase)?|pwd|secret|token|api_?key|hash|salt|otp|pin|ssn|email|reset\\w{0,12})(?:__|_|\\[|\\]\\[|\\.)i?(?:exact|contains|startswith|starts_with|startwith|endswith|ends_with|regex|like|ilike|matches|gte?|lte?|start|end|cont|in)(?:\\]|$|_all|_any)",
);
const ORM_LOOKUP_ANY = bounded(
  "[a-z0-9]__(?:i?exact|i?contains|i?startswith|i?endswith|i?regex|gte?|lte?|in|isnull|range|year|month|day|date|search|has_keys?|has_any_keys|contained_by|overlap|len|not|ne)$",
);
const GRAPHQL_ABUSE = bounded("__schema\\s{0,4}(?:\\{|\\()|__type\\s{0,4}\\(");
const RESPONSE_HEADER_INJECTION = bounded(
  "[\\r\\n]\\s{0,4}(?:set-cookie|location|content-(?:type|length|disposition|encoding|location|security-policy)|transfer-encoding|x-[a-z-]{3,30}|host|refresh|access-control-[a-z-]{5,30}|http/\\d(?:\\.\\d)?\\s)\\s{0,4}(?::|\\d)|[\\r\\n][\\s\\S]{0,20}<(?:html|meta|head|body)\\b|http/\\d(?:\\.\\d)?\\s\\d{3}\\s[\\s\\S]{0,100}[\\r\\n]",
);
const REQUEST_SMUGGLING = bounded(
  "[\\r\\n]\\s{0,4}(?:get|post|head|options|connect|put|delete|trace|track|patch|propfind|propatch|mkcol|copy|move|lock|unlock)\\s{1,4}[^\\s]{1,2000}(?:\\s{1,4}(?:http/\\d|[a-z]{4}/\\d)|\\s{0,4}$)",
);
const REQUEST_SMUGGLING_2 = bounded("[\\r\\n]\\s{0,4}[a-z]{3,9}\\s{1,4}(?:/|https?:|\\*)");
const QUERY_HEADER = bounded("[\\r\\n]\\s{0,4}[a-z][a-z-]{1,40}:\\s{0,4}\\S");
const PARAMETER_LINE_BREAK = bounded("[\\r\\n][\\w-]{1,60}\\s{0,2}[=:]");
const SESSION_COOKIE = bounded("\\.cookie\\b[\\s\\S]{0,200}(?:expires|domain)\\s{0,4}=");
const SESSION_COOKIE_2 = bounded("http-equiv[\\s\\S]{0,40}set-cookie");
const PROXY_SOCKET = bounded("^(?:/\\?)?unix:[^|]{0,4000}\\|");

/** Code of Node.js, Perl, Ruby and Python, prototype pollution, templates, LDAP, XXE, NoSQL, GraphQL. */
export const SCRIPT_RULES: readonly TextRule[] = [
  {
    id: "node-code",
    what: "code of Node.js that runs or reads something",
    test: (text) =>
      isFree(text) && text.has("(.[_") && NODE_CODE.test(text.compact) && !(isProse(text) && !text.has("(")),
  },
  {
    id: "node-prototype",
    what: "a name that reaches the prototype of every object",
    test: (text) => isFree(text) && NODE_PROTOTYPE.test(text.lower),
  },
  {
    id: "node-endless",
    what: "a loop without an end",
    test: (text) =>
      isFree(text) && text.has("(") && NODE_ENDLESS.test(text.compact) && !NODE_ENDLESS_2.test(text.compact),
  },
  {
    id: "object-deserialised",
    what: "an object of another language that a parser would build",
    test: (text) => isFree(text) && text.has("!:_.\n") && OBJECT_DESERIALISED.test(text.lower),
  },
  {
    id: "script-eval",
    what: "a script runs a text as code",
    level: "high",
    test: (text) => isFree(text) && text.has("(") && SCRIPT_EVAL.test(text.compact) && !isProse(text),
  },
  {
    id: "perl-code",
    what: "code of Perl inside a text",
    test: (text) => isFree(text) && text.has("@") && PERL_CODE.test(text.lower) && !PERL_CODE_2.test(text.lower),
  },
  {
    id: "ruby-code",
    what: "code of Ruby that runs something",
    test: (text) => isFree(text) && text.has("(.:") && RUBY_CODE.test(text.compact),
  },
  {
    id: "python-code",
    what: "code of Python that reaches its own inside",
    test: (text) => isFree(text) && text.has("_(.") && PYTHON_CODE.test(text.compact),
  },
  {
    id: "template-expression",
    what: "an expression that a template engine would compute",
    test: (text) =>
      isFree(text) &&
      text.has("{<#@[") &&
      text.has("}>)]") &&
      (TEMPLATE_EXPRESSION.test(text.lower) || TEMPLATE_EXPRESSION_2.test(text.lower)) &&
      !(text.field.kind === "json" && isProse(text) && !TEMPLATE_EXPRESSION_3.test(text.lower)),
  },
  {
    id: "ldap-filter",
    what: "a filter of LDAP is closed and goes on",
    test: (text) => isFree(text) && text.has(")") && LDAP_FILTER.test(text.lower) && !LDAP_FILTER_2.test(text.raw),
  },
  {
    id: "ldap-filter-any",
    what: "a filter of LDAP",
    level: "strict",
    test: (text) => isFree(text) && text.has("(") && LDAP_FILTER_ANY.test(text.lower),
  },
  {
    id: "xpath-injection",
    what: "an expression of XPath",
    test: (text) => isFree(text) && text.has("/'") && XPATH_INJECTION.test(text.lower),
  },
  {
    id: "xxe-entity",
    what: "a document declares entities or asks for another document",
    test: (text) => isFree(text) && text.has("<") && XXE_ENTITY.test(text.lower) && !XXE_ENTITY_2.test(text.lower),
  },
  {
    id: "nosql-operator",
    what: "an operator of a document database",
    test: (text) =>
      (isParameter(text) &&
        text.has("$") &&
        (text.field.isName ? NOSQL_OPERATOR.test(text.lower) : NOSQL_OPERATOR_2.test(text.lower))) ||
      (isParameter(text) && text.has("'\"|") && NOSQL_OPERATOR_3.test(text.lower)),
  },
  {
    id: "orm-lookup",
    what: "a look-up that walks the relations of an object mapper",
    test: (text) =>
      (text.field.isName || text.field.kind === "body") && text.raw.includes("__") && ORM_LOOKUP.test(text.lower),
  },
  {
    id: "orm-lookup-secret",
    what: "a look-up of an object mapper that guesses a secret letter by letter",
    test: (text) => text.field.isName && text.has("_[.") && ORM_SECRET.test(text.lower),
  },
  {
    id: "orm-lookup-any",
    what: "a look-up of an object mapper",
    level: "high",
    test: (text) => text.field.isName && text.raw.includes("__") && ORM_LOOKUP_ANY.test(text.lower),
  },
  {
    id: "graphql-abuse",
    what: "a query of GraphQL that asks for the schema or for very much",
    level: "high",
    test: (text) =>
      isParameter(text) &&
      text.has("{_") &&
      (GRAPHQL_ABUSE.test(text.lower) || nesting(text.raw) > 15 || aliases(text.raw) > 60),
  },
  {
    id: "response-header-injection",
    what: "a line break, and a header or a status line after it",
    test: (text) => isFree(text) && text.has("\n\r") && RESPONSE_HEADER_INJECTION.test(text.lower),
  },
  {
    id: "request-smuggling",
    what: "a second request inside the first",
    test: (text) =>
      (isParameter(text) || text.field.kind === "header") &&
      text.has("\n\r") &&
      REQUEST_SMUGGLING.test(text.lower) &&
      REQUEST_SMUGGLING_2.test(text.lower),
  },
  {
    id: "query-header",
    what: "a line break in the query, and a header after it",
    test: (text) =>
      (text.field.kind === "query" || text.field.kind === "cookie") &&
      text.has("\n\r") &&
      (text.field.isName || QUERY_HEADER.test(text.lower)),
  },
  {
    id: "path-line-break",
    what: "a line break in the path",
    test: (text) => text.field.kind === "path" && text.has("\n\r"),
  },
  {
    id: "header-line-break",
    what: "a line break in a header",
    test: (text) => text.field.kind === "header" && !text.field.name.startsWith("part.") && text.has("\n\r"),
  },
  {
    id: "parameter-line-break",
    what: "a line break, and a name and value after it",
    test: (text) =>
      text.field.kind === "query" && text.has("\n\r") && (text.field.isName || PARAMETER_LINE_BREAK.test(text.raw)),
  },
  {
    id: "session-cookie",
    what: "a script or a tag sets a cookie",
    test: (text) =>
      isFree(text) && text.has(";=") && (SESSION_COOKIE.test(text.lower) || SESSION_COOKIE_2.test(text.lower)),
  },
  {
    id: "proxy-socket",
    what: "a proxy is sent to a socket of its own machine",
    test: (text) => (text.field.kind === "path" || text.field.kind === "query") && PROXY_SOCKET.test(text.lower),
  },
];
