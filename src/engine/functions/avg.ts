import { setNumber, setValue, type Vector } from '../../base/row-batch.js';
import { CompensatedSums } from './sum.js';

/** AVG: compensated sum over count; null when there was no value. */
export class AvgState extends CompensatedSums {
  override result(slot: number, out: Vector, row: number): void {
    const count = this.count(slot);
    if (count === 0) setValue(out, row, null);
    else setNumber(out, row, this.total(slot) / count);
  }
}
