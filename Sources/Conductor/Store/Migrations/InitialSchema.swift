extension Migration {
    /// Times are microseconds since 1970, by the database's clock (`stator_now`). States are the numbers of the
    /// protos' enums; a newer release may write numbers that this one does not know. Every row that is changed has a
    /// generation, which each write names and advances.
    static let initialSchema = """
        CREATE FUNCTION stator_now() RETURNS bigint LANGUAGE sql VOLATILE AS $$
            SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::bigint
        $$;

        CREATE TABLE flavors (
            uuid uuid PRIMARY KEY,
            name text NOT NULL UNIQUE,
            vcpus bigint NOT NULL CHECK (vcpus BETWEEN 1 AND 4294967295),
            memory_mb bigint NOT NULL CHECK (memory_mb BETWEEN 1 AND 4294967295),
            root_gb bigint NOT NULL CHECK (root_gb BETWEEN 0 AND 4294967295),
            description text,
            created_at bigint NOT NULL,
            generation bigint NOT NULL CHECK (generation > 0)
        );

        CREATE TABLE hosts (
            uuid uuid PRIMARY KEY,
            name text NOT NULL UNIQUE,
            vcpus bigint NOT NULL CHECK (vcpus BETWEEN 0 AND 4294967295),
            memory_mb bigint NOT NULL CHECK (memory_mb BETWEEN 0 AND 4294967295),
            local_gb bigint NOT NULL CHECK (local_gb BETWEEN 0 AND 4294967295),
            vcpus_used bigint NOT NULL CHECK (vcpus_used BETWEEN 0 AND vcpus),
            memory_mb_used bigint NOT NULL CHECK (memory_mb_used BETWEEN 0 AND memory_mb),
            local_gb_used bigint NOT NULL CHECK (local_gb_used BETWEEN 0 AND local_gb),
            hypervisor_type text NOT NULL,
            hypervisor_version text NOT NULL,
            disabled boolean NOT NULL,
            disabled_reason text,
            release text NOT NULL,
            service_version bigint NOT NULL CHECK (service_version BETWEEN 0 AND 4294967295),
            created_at bigint NOT NULL,
            generation bigint NOT NULL CHECK (generation > 0)
        );

        -- Who holds a host's connection, and how far its reports are applied. Apart from hosts, since leases are
        -- renewed all the time and placement takes its turns by the generation of hosts.
        CREATE TABLE host_sessions (
            host_id uuid PRIMARY KEY REFERENCES hosts,
            conductor text,
            boot_epoch bigint NOT NULL CHECK (boot_epoch >= 0),
            number bigint NOT NULL CHECK (number > 0),
            lease_until bigint NOT NULL,
            last_seen_up bigint NOT NULL,
            applied_through bigint NOT NULL CHECK (applied_through >= 0)
        ) WITH (fillfactor = 70);

        CREATE TABLE host_images (
            host_id uuid NOT NULL REFERENCES hosts,
            image_uuid uuid NOT NULL,
            name text NOT NULL,
            checksum bytea NOT NULL CHECK (length(checksum) = 32),
            image bytea NOT NULL,
            image_version text NOT NULL,
            PRIMARY KEY (host_id, image_uuid)
        );
        CREATE INDEX host_images_by_image ON host_images (image_uuid, checksum);
        CREATE INDEX host_images_by_name ON host_images (name);

        CREATE TABLE instances (
            uuid uuid PRIMARY KEY,
            user_id text NOT NULL,
            display_name text NOT NULL,
            display_description text,
            user_data bytea,
            vm_state integer NOT NULL CHECK (vm_state >= 1),
            task_state integer NOT NULL CHECK (task_state >= 0),
            power_state integer NOT NULL CHECK (power_state >= 0),
            flavor bytea NOT NULL,
            flavor_version text NOT NULL,
            image bytea NOT NULL,
            image_version text NOT NULL,
            network_interfaces bytea[] NOT NULL,
            network_interfaces_version text NOT NULL,
            block_devices bytea[] NOT NULL,
            block_devices_version text NOT NULL,
            host_id uuid REFERENCES hosts,
            fault bytea,
            fault_version text,
            created_at bigint NOT NULL,
            updated_at bigint NOT NULL,
            launched_at bigint,
            terminated_at bigint,
            -- The oldest conductor and host, as a service version, that knows all of the row.
            needed_service_version bigint NOT NULL DEFAULT 1
                CHECK (needed_service_version BETWEEN 1 AND 4294967295),
            generation bigint NOT NULL CHECK (generation > 0),
            CHECK ((fault IS NULL) = (fault_version IS NULL))
        );
        CREATE INDEX instances_by_user ON instances (user_id, uuid) WHERE vm_state <> 5;
        CREATE INDEX instances_by_name ON instances (display_name) WHERE vm_state <> 5;
        CREATE INDEX instances_by_host ON instances (host_id) WHERE vm_state <> 5;

        CREATE TABLE claims (
            instance_uuid uuid PRIMARY KEY REFERENCES instances,
            host_id uuid NOT NULL REFERENCES hosts,
            vcpus bigint NOT NULL CHECK (vcpus >= 0),
            memory_mb bigint NOT NULL CHECK (memory_mb >= 0),
            disk_gb bigint NOT NULL CHECK (disk_gb >= 0),
            created_at bigint NOT NULL
        );
        CREATE INDEX claims_by_host ON claims (host_id);

        CREATE TABLE operations (
            uuid uuid PRIMARY KEY,
            kind integer NOT NULL CHECK (kind >= 1),
            state integer NOT NULL CHECK (state >= 1),
            step integer NOT NULL CHECK (step >= 1),
            -- Deferred: the operation is written first, since its idempotency key decides whether the instance is.
            instance_uuid uuid NOT NULL REFERENCES instances DEFERRABLE INITIALLY DEFERRED,
            instance_name text NOT NULL,
            user_id text NOT NULL,
            idempotency_key uuid,
            request_digest bytea NOT NULL CHECK (length(request_digest) <= 64),
            attempt bigint NOT NULL CHECK (attempt BETWEEN 0 AND 4294967295),
            conductor text,
            lease_until bigint,
            not_before bigint NOT NULL,
            deadline bigint NOT NULL,
            directed_at bigint,
            fault bytea,
            fault_version text,
            created_at bigint NOT NULL,
            finished_at bigint,
            generation bigint NOT NULL CHECK (generation > 0),
            UNIQUE (user_id, idempotency_key),
            CHECK (state > 5 OR (state = 2) = (conductor IS NOT NULL)),
            CHECK ((conductor IS NULL) = (lease_until IS NULL)),
            CHECK (state > 5 OR (state IN (3, 4, 5)) = (step = 4)),
            CHECK ((step = 4) = (finished_at IS NOT NULL)),
            CHECK ((fault IS NULL) = (fault_version IS NULL))
        );
        CREATE INDEX operations_unfinished ON operations (created_at) WHERE state IN (1, 2);
        CREATE INDEX operations_by_instance ON operations (instance_uuid, created_at);
        CREATE INDEX operations_by_user ON operations (user_id, created_at);
        CREATE INDEX operations_by_time ON operations (created_at);

        CREATE TABLE services (
            uuid uuid PRIMARY KEY,
            binary_name text NOT NULL,
            name text NOT NULL,
            release text NOT NULL,
            version bigint NOT NULL CHECK (version BETWEEN 0 AND 4294967295),
            address text,
            lease_until bigint NOT NULL,
            last_seen_up bigint NOT NULL,
            generation bigint NOT NULL CHECK (generation > 0),
            UNIQUE (binary_name, name)
        );

        -- Which release each daemon and host has run, since when: a row for each change.
        CREATE TABLE service_versions (
            binary_name text NOT NULL,
            name text NOT NULL,
            seen_at bigint NOT NULL,
            release text NOT NULL,
            version bigint NOT NULL CHECK (version BETWEEN 0 AND 4294967295),
            PRIMARY KEY (binary_name, name, seen_at)
        );
        """
}
