import org.apache.flink.configuration.Configuration;
import org.apache.flink.configuration.GlobalConfiguration;
import org.apache.flink.runtime.minicluster.MiniCluster;
import org.apache.flink.runtime.minicluster.MiniClusterConfiguration;
import org.apache.flink.table.gateway.SqlGateway;

/** A Flink cluster and its SQL Gateway in one JVM. Configuration from FLINK_CONF_DIR; argument: task slots. */
public class OneJvm {
    public static void main(String[] args) throws Exception {
        Configuration configuration = GlobalConfiguration.loadConfiguration(System.getenv("FLINK_CONF_DIR"));
        new MiniCluster(new MiniClusterConfiguration.Builder()
            .setConfiguration(configuration)
            .setNumTaskManagers(1)
            .setNumSlotsPerTaskManager(Integer.parseInt(args[0]))
            .build()).start();
        SqlGateway.main(new String[0]);
    }
}
