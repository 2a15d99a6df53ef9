import { words } from "./rule";

/** Catalogues and procedures of database systems, in full or as a prefix of a dotted name. */
export const SQL_CATALOGUES =
  words(`information_schema sysobjects syscolumns sysusers sysdatabases syslogins pg_catalog pg_shadow
  pg_user pg_database pg_tables pg_class pg_stat_activity sqlite_master sqlite_schema sqlite_temp_master msysaccessobjects
  msysobjects msysaces msysqueries msysrelationships mysql.user mysql.db mysql.host all_tables all_users all_tab_columns
  user_tables user_tab_columns user_objects user_constraints dba_users dba_tables v$version v$instance sys.tables
  sys.databases sys.objects sys.columns sys.user$ sys.dual xp_cmdshell xp_regread xp_regwrite xp_dirtree xp_fileexist
  xp_availablemedia xp_enumdsn xp_filelist xp_loginconfig xp_makecab xp_ntsec xp_terminate_process xp_servicecontrol
  xp_execresultset xp_delete_file xp_regdeletekey xp_regenumvalues sp_executesql sp_oacreate sp_oamethod sp_oagetproperty sp_makewebtask sp_addextendedproc sp_configure
  sp_password sp_execute sp_prepare sp_help sp_addlogin sp_addsrvrolemember sp_who sp_oadestroy utl_http utl_file utl_inaddr utl_smtp
  dbms_java dbms_xmlgen dbms_scheduler dbms_sql dbms_output openrowset opendatasource openquery openxml sqloledb
  master..sysdatabases column_privileges table_privileges innodb_table_stats performance_schema sp_sqlexec sqlite_sequence`);

/** Words of schemas and types that honest texts hold now and then. */
export const SQL_SCHEMA_WORDS =
  words(`northwind tempdb msdb schema_name table_name column_name table_schema nvarchar varchar
  varchar2 nvarchar2 database_name db_name is_member current_user session_user rownum sysdate autonomous_transaction
  xtype syscat sysibm sysmaster tablespace rlike attnotnull atttypid textpos attrelid user_password user_users
  user_group user_ind_columns user_tab_privs constraint_type object_id object_name object_type column_id dba_ ntext
  dumpfile outfile infile load_file inner_join waitfor openrowset nchar sql_variant bigint smallint tinyint
  mediumtext longtext xp_ sp_ rowid cmdshell sysadmin dbo`);

/** Second words of statements that stand after a break: what makes "drop" a statement is its "table". */
export const STATEMENTS: Readonly<Record<string, ReadonlySet<string> | undefined>> = {
  drop: words("table database schema view index function procedure trigger user role column if login"),
  alter: words("table database schema view index function procedure trigger user role login session system"),
  create: words("table database schema view index function procedure trigger user role login or temporary temp unique"),
  truncate: words("table only"),
  insert: words("into ignore delayed low_priority overwrite"),
  replace: words("into"),
  delete: words("from low_priority ignore"),
  merge: words("into using"),
  grant: words("all select insert update delete execute usage"),
  revoke: words("all select insert update delete execute"),
  waitfor: words("delay time"),
  load: words("data xml"),
  lock: words("table tables"),
  rename: words("table user"),
  exec: words("master sp_executesql xp_cmdshell immediate sp_password sp_oacreate"),
  execute: words("immediate as procedure function"),
  shutdown: words("with nowait"),
  order: words("by"),
  group: words("by"),
  into: words("outfile dumpfile"),
  procedure: words("analyse analyze"),
  backup: words("database log"),
  restore: words("database log"),
  handler: words("open read"),
  copy: words("from to"),
  attach: words("database"),
};

/** Words that begin or continue a statement; never a column in what an injection says. */
export const RESERVED =
  words(`select union from where insert update delete drop create alter into values set join having group order
  limit exec execute declare case when then else end as all distinct exists not null binary collate`);
