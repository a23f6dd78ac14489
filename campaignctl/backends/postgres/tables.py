"""The tables, what is asked of them, and how they are made; `{s}` stands for their schema.

A version of a place is the row of `states`, and the rows of `files` that have no `until`. Those that have one
are earlier documents, kept until `KEPT` later ones are there.
"""

from __future__ import annotations

#: Earlier documents that each place keeps.
KEPT = 100
#: Versions that each place keeps a line about.
_LOGGED = 1000

#: What makes the tables of each format from those of the one before. Never changed, only continued.
STEPS = (
    """
    create table {s}.format (version integer not null);
    insert into {s}.format values (0);
    create table {s}.states (
        name text primary key,
        tip text not null,
        number bigint not null
    );
    create table {s}.versions (
        name text not null,
        number bigint not null,
        tip text not null,
        at timestamptz not null default now(),
        holder text not null,
        operation text not null,
        subject text not null,
        lock_id text,
        primary key (name, number)
    );
    create table {s}.files (
        name text not null,
        path text not null,
        since bigint not null,
        until bigint,
        at timestamptz not null default now(),
        data bytea not null,
        primary key (name, path, since)
    );
    create table {s}.holders (
        lock_id text primary key,
        since timestamptz not null default now()
    );
    """,
)
FORMAT = len(STEPS)

#: Others that make the tables at the same moment wait; a lock of the transaction, which poolers keep too.
GUARD = "select pg_advisory_xact_lock(hashtextextended('campaignctl tables', 0))"
HAS_SCHEMA = "select to_regnamespace(quote_ident(%(schema)s)) is not null"
HAS_TABLES = "select to_regclass(format('%%I.format', %(schema)s::text)) is not null"
MAKE_SCHEMA = "create schema if not exists {s}"
FORMAT_OF = "select version from {s}.format"
SET_FORMAT = "update {s}.format set version = %(version)s"

HELLO = (
    "select pg_backend_pid(), current_user::text, current_database()::text,"
    " current_setting('server_version_num')::int"
)
# An idle session is one that waits for the API; a holder whose machine is gone is dead within a minute.
SETTINGS = (
    "select set_config('search_path', 'pg_catalog', false), set_config('statement_timeout', '30s', false),"
    " set_config('lock_timeout', '10s', false), set_config('tcp_keepalives_idle', '15', false),"
    " set_config('tcp_keepalives_interval', '5', false), set_config('tcp_keepalives_count', '3', false)"
)
NEVER_IDLE = ", set_config('idle_session_timeout', '0', false)"
NEVER_IDLE_SINCE = 140000

TIP = "select tip from {s}.states where name = %(name)s"
LOOK = """
    select states.tip, files.path,
        case when sum(length(files.data)) over () <= %(largest)s then files.data end
    from {s}.states left join {s}.files on files.name = states.name and files.until is null
    where states.name = %(name)s
"""
HOLDS = "select exists (select from {s}.versions where name = %(name)s and tip = %(tip)s)"
NAMES = r"select name from {s}.states where name !~ '\.(stop|archive)$' order by name"

_FIRST = """
    insert into {s}.states (name, tip, number) values (%(name)s, %(tip)s, 1)
    on conflict do nothing returning number
"""
_NEXT = """
    update {s}.states set tip = %(tip)s, number = number + 1
    where name = %(name)s and tip = %(before)s returning number
"""
# One statement, so one transaction and one round trip. Whatever the server's default, it is durable when it
# returns: this setting counts at the commit. Contents are sent in binary: as text they take twice the bytes.
_PUT = f"""
    with moved as ({{moved}}),
    logged as (
        insert into {{s}}.versions (name, number, tip, holder, operation, subject, lock_id)
        select %(name)s, number, %(tip)s, %(holder)s, %(operation)s, %(subject)s, %(lock)s from moved
    ),
    shortened as (
        delete from {{s}}.versions using moved
        where name = %(name)s and versions.number <= moved.number - {_LOGGED}
    ),
    kept as (
        update {{s}}.files set until = moved.number from moved
        where name = %(name)s and until is null and path = any(%(kept)s::text[])
    ),
    dropped as (
        delete from {{s}}.files using moved
        where name = %(name)s and until is null and path = any(%(dropped)s::text[])
    ),
    forgotten as (
        delete from {{s}}.files using moved
        where name = %(name)s and until <= (
            select distinct until from {{s}}.files
            where name = %(name)s and until is not null order by until desc offset {KEPT} - 1 limit 1
        )
    ),
    added as (
        insert into {{s}}.files (name, path, since, data)
        select %(name)s, new.path, moved.number, new.data
        from moved, unnest(%(paths)s::text[], %(contents)b::bytea[]) as new (path, data)
    )
    select set_config('synchronous_commit', case current_setting('synchronous_commit')
        when 'off' then 'on' when 'local' then 'on' else current_setting('synchronous_commit') end, true)
    from moved
"""  # noqa: S608 - made of constants alone
PUT_FIRST, PUT_NEXT = (_PUT.replace("{moved}", moved) for moved in (_FIRST, _NEXT))

CLAIM = "select pg_advisory_lock_shared(%(key)s)"
DISCLAIM = "select pg_advisory_unlock_shared(%(key)s)"
# Rows that a crash left are of no use once their lock has another holder.
REMEMBER = """
    with old as (delete from {s}.holders where since < now() - interval '90 days')
    insert into {s}.holders (lock_id) values (%(lock)s) on conflict do nothing
"""
FORGET = "delete from {s}.holders where lock_id = %(lock)s"
LIVES = """
    select exists (
        select from pg_locks
        where locktype = 'advisory' and granted and objsubid = 1
        and database = (select oid from pg_database where datname = current_database())
        and (classid::bigint << 32) | objid::bigint = %(key)s
    )
    from {s}.holders where lock_id = %(lock)s
"""
MAY = """
    select has_schema_privilege(%(schema)s, 'usage') and not exists (
        select from unnest(array['format', 'states', 'versions', 'files', 'holders']) as name,
            unnest(array['select', 'insert', 'update', 'delete']) as need
        where not has_table_privilege(format('%%I.%%I', %(schema)s::text, name), need)
    ), current_setting('transaction_read_only') = 'off'
"""
MAY_MAKE = """
    select case when to_regnamespace(quote_ident(%(schema)s)) is null
        then has_database_privilege(current_database(), 'create')
        else has_schema_privilege(%(schema)s, 'usage') and has_schema_privilege(%(schema)s, 'create') end,
    current_setting('transaction_read_only') = 'off'
"""
