import { setValue, type Vector } from '../../base/row-batch.js';
import { CompensatedSums } from './sum.js';

/** AVG: compensated sum over count; null when there was no value. */
export class AvgState extends CompensatedSums {
  override result(slot: number, out: Vector, row: number): void {
    const count = this.count(slot);
    setValue(out, row, count === 0 ? null : this.total(slot) / count);
  }
}
