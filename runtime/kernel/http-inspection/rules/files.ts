import { type Text } from "../lex/text";
import { bounded, type TextRule } from "./rule";
import { isFree, isParameter } from "./where";

/** Steps upwards in any writing that survives decoding: "../", "..\", "..;/", "..%2f" gone by now. */
const UPWARD = bounded(
  "(?:\\.|0x2e|%2e|\\xc0\\.?|%c0%ae|\\.[\\x00-\\x1f]){2}(?:0x2f|0x5c|%2f|%5c|%c0%af|%bg%qf|\\xc0[/\\\\]|[\\x01-\\x1f?][/\\\\])|(?:^|[^.\\w])\\.{2,3}(?:;[^/\\\\]{0,20})?[/\\\\]|[/\\\\]\\.{2}(?:;[^/\\\\]{0,20})?(?:$|[/\\\\?#&])|(?:\\.{2}[/\\\\]){2}",
);

const SECRET_FILES = bounded(
  "(?:^|[/\\\\\\s'\"=:,])(?:" +
    [
      // of the system
      "etc/(?:passwd|shadow|group|hosts|issue|crontab|sudoers|fstab|profile|motd|apache2?|httpd|nginx|mysql|php\\d?|ssh|ssl|environment|my\\.cnf|redis|init|cron\\.)",
      "proc/(?:self|\\d{1,7}|version|cpuinfo|net|sys|mounts|interrupts|meminfo|cmdline|stat|devices|modules|partitions|swaps|kallsyms|loadavg|uptime|filesystems|ioports|iomem|kcore|config)",
      "sys/(?:class|devices|kernel|firmware|module|block|bus)\\b",
      "(?:boot|win|system|desktop|php)\\.ini\\b",
      "windows[/\\\\](?:system32|repair|debug|panther|system\\.ini|win\\.ini)",
      "(?:inetpub|winnt)[/\\\\]",
      "var/(?:log|lib|spool|run|mail)/[\\w.-]{2}",
      "root/\\.[a-z]",
      // of users
      "\\.(?:ssh|aws|azure|kube|docker|gnupg|config|subversion|mozilla|vnc|boto|netrc|npmrc|pypirc|pgpass|my\\.cnf|mysql_history|bash_history|bash_profile|bash_logout|bashrc|zshrc|zsh_history|zprofile|profile|psql_history|python_history|node_repl_history|viminfo|wget-hsts|cshrc|tcshrc|lesshst|history|sh_history|irb_history|nano_history|rediscli_history|s3cfg|dbeaver|dropbox|gitconfig|git-credentials|rhosts|selected_editor|fishrc|mutt|muttrc|fetchmailrc|forward|gem|pip|terraformrc|vagrant|ansible|gcloud|minecraft|rnd|logout|pam_environment|ksh_history|inputrc|sudo_as_admin_successful|anydesk|tconn|thunderbird|gtkrc|xauthority|xinitrc|xsession|xdefaults)(?:$|[/\\\\\\s?#'\"&.;])",
      "id_(?:rsa|dsa|ecdsa|ed25519)\\b",
      "(?:authorized_keys|known_hosts)\\b",
      // of applications
      "\\.(?:env|git|svn|hg|bzr|cvs|htaccess|htpasswd|htdigest|htgroup|ds_store|idea|vscode|vs|dockerignore|dockerenv|dockercfg|gitignore|gitattributes|gitmodules|gitlab-ci|gitlab|github|travis|circleci|drone|eslintrc|eslintignore|babelrc|editorconfig|npmignore|yarnrc|nvmrc|ftpconfig|sftp-config|remote-sync|project|settings|classpath|buildpath|next|nuxt|svelte-kit|php_cs|php-cs-fixer|phpunit|phpstorm|rspec|ruby-version|rvmrc|bundle|bowerrc|jshintrc|stylelintrc|prettierrc|hushlogin|coverage|coveralls|codeclimate|scrutinizer|styleci|user\\.ini|well-known-secret|wp-config|web\\.config|aiignore|aider|claude|cursor|cline|continue|windsurf|roo|kiro|zed|rovodev|codeium|copilot|codex|gemini|amazonq|augment|junie|qodo|trae|void|tabnine|cody|opencode|goose|mcp|ai|cursorignore|cursorrules|clinerules|windsurfrules|roomodes|continuerules|supermaven|sourcegraph|devcontainer|jupyter|ipynb_checkpoints|ansible|serverless|vercel|netlify|firebase|firebaserc|pulumi|terraform|chef|kitchen|openshift|platform|lando|ddev|husky|nx|turbo|changeset|storybook|expo|gradle|mvn|m2|cargo|rustup|cabal|stack|sbt|ivy2|pytest_cache|mypy_cache|tox|venv|python-version|flaskenv|secret|secrets|passwd|password|credentials|database|log|bak|backup|old|swp|cache|tmp|DS_Store)(?:$|[/\\\\\\s?#'\"&.:_~-])",
      "wp-config[.\\w-]{0,20}|wp-content/(?:debug|errors?)\\.log|configuration\\.php|localsettings\\.php|settings\\.(?:php|inc)\\b|config\\.(?:yml|yaml|inc|php|ini|xml|json|bak|rb)\\b|database\\.(?:yml|yaml|php)\\b|parameters\\.yml\\b|localconfiguration\\.php|env\\.php\\b",
      "(?:web-inf|meta-inf)[/\\\\]|web\\.(?:config|xml)\\b|server\\.xml\\b|tomcat-users\\.xml|context\\.xml\\b|application(?:-\\w{1,20})?\\.(?:properties|yml|yaml)\\b|appsettings(?:\\.\\w{1,20})?\\.json\\b|global\\.asax\\b|machine\\.config\\b|applicationhost\\.config",
      "(?:docker-compose|compose)(?:\\.[\\w-]{1,20})?\\.ya?ml\\b|dockerfile\\b|procfile\\b|vagrantfile\\b|jenkinsfile\\b|makefile\\b|gemfile(?:\\.lock)?\\b|gruntfile\\b|gulpfile\\b|rakefile\\b|composer\\.(?:json|lock)\\b|package(?:-lock)?\\.json\\b|yarn\\.lock\\b|pipfile\\b|requirements\\.txt\\b|npm-debug\\.log|nginx\\.conf\\b|httpd\\.conf\\b|apache2?\\.conf\\b|my\\.cnf\\b|php\\.ini\\b|sftp-config\\.json|ftpsync\\.settings|phpinfo\\.php\\b|adminer\\.php\\b",
      "(?:database|dump|backup|db|mysql|site|www|data)\\.(?:sql|tar|zip|gz|tgz|bz2|7z|rar|sqlite|bak)\\b|[\\w-]{1,40}\\.(?:sql|bak|old|orig|swp|save|kdbx?|pem|pfx|p12|jks|keystore|ppk)(?:\\.(?:zip|gz|bz2|tar|7z|xz))?(?:$|[?#&\\s])",
      "@fs/|@id/__x00__|actuator/(?:env|heapdump|jolokia|gateway|loggers|mappings|threaddump|configprops)\\b",
    ].join("|") +
    ")",
);

const STRONG = bounded(
  "(?:^|[/\\\\\\s'\"=:,~])(?:etc/(?:passwd|shadow|group|sudoers|hosts|crontab|fstab|issue|ssh|apache2?|nginx)\\b|(?:boot|win|system)\\.ini\\b|\\.(?:htaccess|htpasswd|bash_history|bash_profile|bashrc|profile|ssh|git|svn|env|aws|netrc|npmrc|pgpass|my\\.cnf|mysql_history|viminfo|zsh_history|docker|kube|gnupg)(?:$|[/\\s?])|id_(?:rsa|dsa|ed25519)\\b|authorized_keys|known_hosts|wp-config\\b|web\\.config\\b|proc/(?:self|\\d{1,6}|version|cpuinfo)|windows[/\\\\]|winnt[/\\\\]|var/log/|usr/local/|web-inf[/\\\\])",
);

const IS_WHOLE = bounded("^(?:cat|less|more|head|tail|type|view|file|php|include)\\s");

/** What is asked for by path alone; a mention in a text is no access. */
function isWhole(text: Text): boolean {
  return !text.raw.trim().includes(" ") || IS_WHOLE.test(text.lower);
}

const PATH_SECRET_FILE = bounded("[/\\\\.]");
const PATH_SESSION_FILE = bounded("(?:[/\\\\]|^)sess_[\\w-]{1,64}|session\\.save_path");
// `.well-known` is RFC 8615's, `.mno` the gateway's own.
const PATH_HIDDEN = bounded("/\\.(?!(?:well-known|mno)(?:/|$)|\\.|/|$)[a-z0-9_]");
const PATH_DEVICE = bounded("::\\$(?:data|index_allocation)");
const PATH_DEVICE_2 = bounded("^\\\\\\\\[?.]\\\\|^\\\\\\\\[\\w.-]{1,60}\\\\[\\w$.-]{1,60}");
const UPLOAD_SCRIPT_NAME = bounded(
  "\\.\\s{0,4}(?:php\\d{0,3}[st]?|phtml?|pht|phar|inc|jspx?|jspf|jsw|jsv|aspx?|ashx|asmx|ascx|asa|cer|cfm|cfml|cgi|shtml?|htaccess|user\\.ini)(?:\\s|\\.|;|%|$)",
);
const UPLOAD_RESTRICTED_NAME = bounded("(?:wp-config|settings\\.php|config\\.(?:yml|ini|xml))");
const UPLOAD_SCRIPT_CONTENT = bounded("<\\?(?:php|=)|<%(?:@|=|!|\\s)|^#!\\s{0,3}/|<script\\s{1,3}(?:language|runat)");
const UPLOAD_RESTRICTED_WORD = bounded("^(?:\\.[a-z]{3,12}|[a-z]{3,5})$");

export const FILE_RULES: readonly TextRule[] = [
  {
    id: "path-traversal",
    what: "steps out of a folder",
    test: (text) =>
      (isFree(text) || text.field.kind === "file-name") &&
      text.has("/\\") &&
      text.raw.includes("..") &&
      UPWARD.test(text.raw) &&
      !(text.field.name === "referer" && !/\.\.[\\/]/.test(text.raw)) &&
      !isRelativeImport(text),
  },
  {
    id: "path-secret-file",
    what: "a file that is not for the public",
    test: (text) => {
      if (text.field.kind === "path") return SECRET_FILES.test(text.lower);
      return (
        (isFree(text) || text.field.kind === "file-name") &&
        !text.field.isName &&
        text.has("./\\") &&
        isWhole(text) &&
        text.raw.length < 400 &&
        text.field.kind !== "xml" &&
        PATH_SECRET_FILE.test(text.raw[0] ?? "") &&
        SECRET_FILES.test(text.lower)
      );
    },
  },
  {
    id: "path-known-secret",
    what: "a file that attackers ask for",
    test: (text) =>
      (isFree(text) || text.field.kind === "file-name") &&
      !text.field.isName &&
      text.field.kind !== "path" &&
      isWhole(text) &&
      text.raw.length < 400 &&
      STRONG.test(text.lower),
  },
  {
    id: "path-session-file",
    what: "a file in which PHP keeps a session",
    test: (text) =>
      text.has("_") &&
      (isUploadName(text) || isFree(text)) &&
      PATH_SESSION_FILE.test(text.lower) &&
      (text.has("/\\") || isUploadName(text)),
  },
  {
    id: "path-hidden",
    what: "a hidden file or folder is asked for",
    test: (text) => text.field.kind === "path" && text.raw.includes("/.") && PATH_HIDDEN.test(text.lower),
  },
  {
    id: "path-secret-file-name",
    what: "the name of a file that is not for the public",
    level: "high",
    test: (text) =>
      (isFree(text) || text.field.kind === "file-name") &&
      !text.field.isName &&
      text.has("./\\") &&
      isWhole(text) &&
      text.raw.length < 400 &&
      SECRET_FILES.test(text.lower),
  },
  {
    id: "path-device",
    what: "a device or stream of Windows's file system",
    test: (text) => isFree(text) && text.has(":\\") && (PATH_DEVICE.test(text.lower) || PATH_DEVICE_2.test(text.lower)),
  },
  {
    id: "upload-script-name",
    what: "an uploaded file that a server may run",
    test: (text) => isUploadName(text) && UPLOAD_SCRIPT_NAME.test(text.lower),
  },
  {
    id: "upload-restricted-name",
    what: "an uploaded file that configures a server",
    test: (text) =>
      isUploadName(text) &&
      (SECRET_FILES.test(text.lower.replace(/\s/g, "").replace(/^/, "/")) ||
        UPLOAD_RESTRICTED_NAME.test(text.lower.replace(/\s/g, ""))),
  },
  {
    id: "upload-script-content",
    what: "an uploaded file that begins as a script",
    test: (text) => text.field.kind === "file" && text.has("<#") && UPLOAD_SCRIPT_CONTENT.test(text.lower),
  },
  {
    id: "upload-restricted-word",
    what: "an uploaded file named as a system's own",
    level: "strict",
    test: (text) => isUploadName(text) && UPLOAD_RESTRICTED_WORD.test(text.lower.trim()),
  },
];

const IS_UPLOAD_NAME = bounded("^x[-_.]?file-?_?name$");

function isUploadName(text: Text): boolean {
  const { kind, name, isName } = text.field;
  return !isName && (kind === "file-name" || (kind === "header" && IS_UPLOAD_NAME.test(name)));
}

const IS_RELATIVE_IMPORT = bounded("(?:from|require\\(|import|src=|href=)\\s{0,3}[\"'(]{1,2}\\.\\.?/");

/** `import x from "../y"` in a text about code. */
function isRelativeImport(text: Text): boolean {
  return isParameter(text) && text.raw.includes("\n") && IS_RELATIVE_IMPORT.test(text.lower);
}
