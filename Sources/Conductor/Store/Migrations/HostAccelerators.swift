extension Migration {
    /// Of release 0.2: room for tags and CPU models, and a host's `hypervisor_type` ("QEMU/KVM") in two columns.
    ///
    /// Conductors of release 0.1 go on writing the one column and those of 0.2 the two; a trigger says in either form
    /// what was said in the other. Accelerators are the numbers of the protos' enum.
    static let hostAcceleratorsExpand = """
        ALTER TABLE instances ADD COLUMN tags text[] NOT NULL DEFAULT '{}', ADD COLUMN cpu_model text;

        ALTER TABLE hosts ADD COLUMN hypervisor text, ADD COLUMN accelerator integer CHECK (accelerator >= 0);

        CREATE FUNCTION stator_split_hypervisor(hypervisor_type text, OUT hypervisor text, OUT accelerator integer)
        LANGUAGE sql IMMUTABLE AS $$
            SELECT regexp_replace(hypervisor_type, '/[^/]*$', ''),
                CASE WHEN hypervisor_type NOT LIKE '%/%' THEN 1 WHEN hypervisor_type LIKE '%/KVM' THEN 2
                    WHEN hypervisor_type LIKE '%/TCG' THEN 3 ELSE 0 END
        $$;

        -- For rows that are not moved yet.
        CREATE FUNCTION stator_host_hypervisor(host uuid) RETURNS text LANGUAGE sql STABLE AS $$
            SELECT (stator_split_hypervisor(h.hypervisor_type)).hypervisor FROM hosts AS h WHERE h.uuid = host
        $$;
        CREATE FUNCTION stator_host_accelerator(host uuid) RETURNS integer LANGUAGE sql STABLE AS $$
            SELECT (stator_split_hypervisor(h.hypervisor_type)).accelerator FROM hosts AS h WHERE h.uuid = host
        $$;

        CREATE FUNCTION stator_sync_hypervisor() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            IF NEW.hypervisor IS NULL OR (TG_OP = 'UPDATE' AND NEW.hypervisor_type <> OLD.hypervisor_type) THEN
                SELECT split.hypervisor, split.accelerator INTO NEW.hypervisor, NEW.accelerator
                FROM stator_split_hypervisor(NEW.hypervisor_type) AS split;
            ELSIF TG_OP = 'INSERT' OR NEW.hypervisor <> OLD.hypervisor OR NEW.accelerator <> OLD.accelerator
                OR OLD.hypervisor IS NULL THEN
                NEW.hypervisor_type := CASE NEW.accelerator
                    WHEN 1 THEN NEW.hypervisor
                    WHEN 2 THEN NEW.hypervisor || '/KVM'
                    WHEN 3 THEN NEW.hypervisor || '/TCG'
                    ELSE NEW.hypervisor || '/' END;
            END IF;
            RETURN NEW;
        END
        $$;
        CREATE TRIGGER hosts_sync_hypervisor BEFORE INSERT OR UPDATE ON hosts
            FOR EACH ROW EXECUTE FUNCTION stator_sync_hypervisor();
        """

    static let hostAcceleratorsBatches = Batches(
        statement: """
            UPDATE hosts AS h SET hypervisor = split.hypervisor, accelerator = split.accelerator
            FROM (
                SELECT uuid, (stator_split_hypervisor(hypervisor_type)).* FROM hosts
                WHERE hypervisor IS NULL ORDER BY uuid LIMIT $1 FOR NO KEY UPDATE
            ) AS split
            WHERE h.uuid = split.uuid
            """,
        remainingCount: "SELECT count(*) FROM hosts WHERE hypervisor IS NULL")

    /// The functions stay, empty: statements that were prepared before name them.
    static let hostAcceleratorsContract = """
        DROP TRIGGER hosts_sync_hypervisor ON hosts;
        DROP FUNCTION stator_sync_hypervisor();
        CREATE OR REPLACE FUNCTION stator_host_hypervisor(host uuid) RETURNS text LANGUAGE sql STABLE AS $$
            SELECT NULL::text
        $$;
        CREATE OR REPLACE FUNCTION stator_host_accelerator(host uuid) RETURNS integer LANGUAGE sql STABLE AS $$
            SELECT NULL::integer
        $$;
        DROP FUNCTION stator_split_hypervisor(text);
        ALTER TABLE hosts ALTER COLUMN hypervisor SET NOT NULL, ALTER COLUMN accelerator SET NOT NULL,
            DROP COLUMN hypervisor_type;
        """
}
